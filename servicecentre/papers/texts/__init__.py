"""What the desk says and reads: texts on papers, standard phrases by situation, the handbook (DOMAIN §10)."""
