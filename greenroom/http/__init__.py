"""HTTP middleware before the views: limits, headers, policies, logins, answers while a server is away."""
