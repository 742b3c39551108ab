"""Texts that figures and pages share, in English and German."""
