"""Analysis datasets with ADaM names: patients, ratings at visits, and times to loss of response."""
