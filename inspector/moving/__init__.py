"""An installation's rows and photos go from one place to another, and a proof says that all of them arrived."""
