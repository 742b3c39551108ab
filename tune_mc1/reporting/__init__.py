"""From results to figures, conclusions, a page and slides; needs the extra `report`."""
