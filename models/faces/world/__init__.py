"""The bundled world: factors, and the renderer that makes portraits of them."""
