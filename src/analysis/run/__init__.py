"""Running the notebooks: what a study is, which notebooks run on what, and the run folder."""
