"""The people at the desk: operators, their PINs and roles, what each may do, and when a second person has to look."""
