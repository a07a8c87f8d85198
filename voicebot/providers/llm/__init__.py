"""Language models behind the OpenAI API: how they are asked and waited for, and what is an answer."""
