"""Model architectures: declared without torch (`architectures`), built with it (`build`)."""
