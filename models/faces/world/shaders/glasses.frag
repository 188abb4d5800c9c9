uniform vec3 tint;
uniform float coverage;
uniform float specular;

void main() {
    vec3 lit = shade(Surface(tint, vec3(0.1), 1.0, specular, 60.0, 0.0, 1.0));
    emit(lit, coverage, PART_GLASSES, 0.5);
}
