"""What the verbs of the command line do: each asks the house and shows the answer."""
