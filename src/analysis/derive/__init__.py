"""From the tables of the contract to analysis datasets, patient by patient."""
