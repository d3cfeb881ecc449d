"""A world to try Carteiro in: mail servers, a sign-in service and a partner, all in this process."""
