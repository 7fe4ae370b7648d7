"""What people can do on the dashboard; everything is logged with who and when."""
