"""`lampctl report`: a journal comes in, one page for people leaves."""
