"""Tools that figures share: style, sheet, groups of trials, mean curves, files."""
