uniform vec3 tint;
uniform vec3 left_eye;
uniform vec3 right_eye;
uniform vec3 head_up;

void main() {
    vec4 iris = texture(surface_map, uv);
    if (iris.a < 0.3) discard;
    vec3 color = iris.rgb * iris.rgb;
    // The tint is the iris's; the white of the eye stays white.
    float bright = dot(color, vec3(0.333));
    color *= mix(tint * 1.6, vec3(1.0), smoothstep(0.05, 0.40, bright));
    vec3 from_left = position - left_eye, from_right = position - right_eye;
    vec3 from_centre = dot(from_left, from_left) < dot(from_right, from_right) ? from_left : from_right;
    float under_lid = 1.0 - 0.50 * smoothstep(0.0, 0.12, dot(from_centre, head_up));
    vec3 lit = shade(Surface(color, vec3(0.25), under_lid, 0.45, 120.0, 0.0, 1.0));
    vec3 v = to_camera(), mirrored = reflect(-v, facing_normal(v));
    lit += vec3(0.6) * smoothstep(0.972, 0.992, dot(mirrored, key_direction));
    emit(lit, 1.0, PART_EYE, 0.5);
}
