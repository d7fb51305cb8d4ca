"""Who says what two people do: rules, the user, or a vision-language model."""
