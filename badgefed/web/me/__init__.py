"""The pages of people who hold badges: their collection, what they carry away, what they bring along."""
