in vec3 position;
in vec3 normal;
in vec2 uv;
in vec4 extra;
in vec3 shadow_position;
layout(location = 0) out vec4 out_color;
layout(location = 1) out vec4 out_part;

uniform sampler2D surface_map;
uniform sampler2DShadow shadow_map;
uniform vec3 camera;
uniform vec3 key_direction;
uniform vec3 key_color;
uniform vec3 fill_direction;
uniform vec3 fill_color;
uniform vec3 back_direction;
uniform vec3 back_color;
uniform vec3 ambient_above;
uniform vec3 ambient_below;

struct Surface {
    vec3 color;
    vec3 wrap;         // how far light reaches around the edge of shadow, per channel
    float visibility;  // share of the sky that reaches the point
    float specular;
    float gloss;
    float rim;         // light caught at grazing angles
    float shadowed;    // how strongly cast shadows show
};

// pow() of a negative base is NaN, and rounding makes 1 - dot(unit, unit) negative.
float power(float base, float exponent) { return pow(max(base, 1e-6), exponent); }

vec3 facing_normal(vec3 to_camera) {
    vec3 n = normal / max(length(normal), 1e-6);
    return dot(n, to_camera) < 0.0 ? -n : n;
}

vec3 to_camera() { return normalize(camera - position); }

float cast_shadow() {
    vec3 at = vec3(shadow_position.xy, shadow_position.z - 0.004);
    const float r = 0.009;
    float lit = texture(shadow_map, at + vec3(r, 0.4 * r, 0.0)) + texture(shadow_map, at + vec3(-0.4 * r, r, 0.0))
              + texture(shadow_map, at + vec3(-r, -0.4 * r, 0.0)) + texture(shadow_map, at + vec3(0.4 * r, -r, 0.0));
    return mix(0.12, 1.0, lit * 0.25);
}

vec3 shade(Surface s) {
    vec3 v = to_camera(), n = facing_normal(v), h = normalize(key_direction + v);
    float shadow = mix(1.0, cast_shadow(), s.shadowed), facing = dot(n, key_direction);
    vec3 diffuse = max((vec3(facing) + s.wrap) / (1.0 + s.wrap), 0.0) * mix(vec3(shadow), vec3(1.0), s.wrap * 0.35);
    vec3 fill = fill_color * max(dot(n, fill_direction) * 0.6 + 0.4, 0.0);
    vec3 back = back_color * power(dot(n, back_direction), 1.5);
    vec3 ambient = mix(ambient_below, ambient_above, n.y * 0.5 + 0.5);
    float open = mix(s.visibility, 1.0, 0.12);
    vec3 open_color = vec3(power(open, 0.75), open, power(open, 1.08));  // red light bleeds into creases
    float highlight = (power(dot(n, h), s.gloss) + 0.4 * power(dot(n, h), s.gloss * 4.0)) * max(facing, 0.0) * shadow;
    float grazing = power(1.0 - dot(n, v), 4.0);
    vec3 light = diffuse * key_color * mix(1.0, open, 0.35) + (fill + ambient) * open_color + back;
    return s.color * light + s.specular * highlight * key_color + s.rim * grazing * (ambient + 2.0 * back) * open;
}

void emit(vec3 color, float alpha, int part, float covers) {
    out_color = vec4(color, alpha);
    // The part map is blended too: alpha 1 writes the part, alpha 0 keeps what is behind.
    out_part = vec4(float(part) / 255.0, 0.0, 0.0, alpha >= covers ? 1.0 : 0.0);
}
