"""Running the notebooks: what runs when, in which process, what is reused, what is left behind."""
