"""How a device decodes fast: the policy, and the ways it chooses from."""
