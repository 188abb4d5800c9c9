in vec2 uv;
uniform sampler2D surface_map;
uniform float minimum_alpha;

void main() {
    if (minimum_alpha > 0.0 && texture(surface_map, uv).a < minimum_alpha) discard;
}
