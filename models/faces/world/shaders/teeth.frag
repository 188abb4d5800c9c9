void main() {
    vec3 color = mix(vec3(0.92, 0.88, 0.80), vec3(0.42, 0.12, 0.11), smoothstep(0.72, 0.80, uv.y));
    float gap = smoothstep(0.34, 0.5, abs(fract(uv.x) - 0.5));
    color *= 1.0 - 0.22 * gap * (1.0 - uv.y);
    emit(shade(Surface(color, vec3(0.2), extra.x, 0.12, 30.0, 0.0, 1.0)), 1.0, PART_MOUTH, 0.5);
}
