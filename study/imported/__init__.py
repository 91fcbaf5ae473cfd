"""Import: results of others as the two tables of a study. A format is one file and one line here. No torch."""
