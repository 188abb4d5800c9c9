// Brows and lashes: a flat colour whose coverage is the texture's alpha.
uniform vec3 tint;
uniform float coverage;
uniform int part;

void main() {
    float alpha = texture(surface_map, uv).a * coverage;
    if (alpha < 0.02) discard;
    emit(shade(Surface(tint, vec3(0.1), extra.x, 0.0, 20.0, 0.0, 0.5)), min(alpha, 1.0), part, 0.35);
}
