uniform vec3 tint;
uniform float minimum_alpha;
uniform float maximum_alpha;
uniform float opaque;

void main() {
    vec4 strand = texture(surface_map, uv);
    float alpha = min(strand.a * 1.7, 1.0);
    if (alpha < minimum_alpha || alpha > maximum_alpha) discard;
    float bright = dot(strand.rgb, vec3(0.333));
    vec3 color = tint * (0.30 + 1.55 * bright * bright + 0.5 * bright);
    vec3 v = to_camera(), h = normalize(key_direction + v);
    // A band of light across the strands.
    float off_band = abs(dot(facing_normal(v), h) - 0.25);
    float band = power(1.0 - off_band * off_band, 24.0);
    vec3 lit = shade(Surface(color, vec3(0.15), extra.x, 0.0, 20.0, 0.10, 1.0));
    lit += band * 0.16 * key_color * cast_shadow() * (tint + 0.02);
    emit(lit, max(alpha, opaque), PART_HAIR, 0.5);
}
