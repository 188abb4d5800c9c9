"""How fast pictures are decoded and served, beside what one would write from diffusers and Gradio."""
