uniform sampler2DArray skin_layers;
uniform sampler2D masks;  // r lips, g scalp, b beard, a noise
uniform sampler2D freckle_map;
uniform float layer_weight[8];
uniform int layer_index[8];
uniform int layer_count;
uniform vec3 skin_color;
uniform vec3 skin_tint;
uniform vec3 scalp_color;
uniform vec3 beard_color;
uniform vec3 lip_color;
uniform vec3 shirt_color;
uniform float scalp;
uniform float beard;
uniform float freckles;
uniform float lipstick;
uniform float lip_blush;
uniform float cheek_blush;
uniform float jaw_shadow;
uniform vec3 left_eye;
uniform vec3 right_eye;

vec3 mixed_skin() {
    vec3 logarithm = vec3(0.0);
    for (int i = 0; i < layer_count; i++)
        logarithm += layer_weight[i] * log2(max(texture(skin_layers, vec3(uv, float(layer_index[i]))).rgb, 0.004));
    return min(exp2(logarithm * 2.2), 1.0);
}

void grow_beard(inout Surface s, vec4 mask, float zone) {
    float density = zone * beard * 1.15 + (mask.a - 0.5) * 0.9 * zone * (1.0 - zone * beard * 0.7);
    float cover = clamp(density, 0.0, 1.0) * mix(0.55, 0.96, smoothstep(0.2, 0.8, beard)) * smoothstep(0.0, 0.06, beard);
    vec3 stubble = s.color * mix(vec3(1.0), vec3(0.50, 0.50, 0.54), cover);
    s.color = mix(stubble, beard_color * (0.5 + mask.a), cover * smoothstep(0.25, 0.85, beard) * 0.97);
    s.specular *= 1.0 - 0.8 * cover;
}

float paint_face(inout Surface s) {
    vec4 mask = texture(masks, uv);
    s.color = mix(mixed_skin(), skin_color * (0.92 + 0.16 * mask.a), mask.g * 0.92) * skin_tint;
    s.specular = 0.10;
    s.gloss = 14.0;
    float zone = extra.w;
    s.color *= mix(vec3(1.0), vec3(1.08, 0.90, 0.90), cheek_blush * zone);
    s.color *= mix(vec3(1.0), vec3(0.50, 0.36, 0.28), freckles * texture(freckle_map, uv).r * min(zone * 1.3, 1.0));
    s.color = mix(s.color, scalp_color * (0.7 + 0.6 * mask.a), clamp(mask.g * 1.25 - 0.12, 0.0, 1.0) * scalp);
    float lips = smoothstep(0.15, 0.8, mask.r);
    s.color *= mix(vec3(1.0), vec3(1.06, 0.66, 0.70), lips * lip_blush);
    vec3 painted = s.color * 0.20 + lip_color * (0.25 + 2.2 * dot(s.color, vec3(0.4)));
    s.color = mix(s.color, painted, lips * lipstick);
    s.specular += lips * (0.10 + 0.25 * lipstick);
    float jaw = mask.b * (1.0 - lips);
    s.color *= mix(vec3(1.0), vec3(0.74, 0.76, 0.80), jaw * jaw_shadow);
    grow_beard(s, mask, jaw);
    return lips;
}

bool near_eye() {
    const float radius = 0.215;
    return min(distance(position, left_eye), distance(position, right_eye)) < radius;
}

void main() {
    int material = int(extra.y + 0.5), part = PART_SKIN;
    Surface s = Surface(vec3(0.45, 0.2, 0.17), vec3(0.30, 0.16, 0.11), extra.x, 0.0, 14.0, 0.10, 1.0);
    if (material == 0) {
        float lips = paint_face(s);
        part = lips > 0.3 ? PART_MOUTH : near_eye() ? PART_EYE : PART_SKIN;
    } else if (material == 1) {
        s.color = skin_color * skin_tint;
        s.specular = 0.12;
    } else {
        part = PART_MOUTH;
        if (material == 2) {
            s.color = vec3(0.26, 0.055, 0.05);
            s.visibility = 0.35 + 0.65 * s.visibility;
            s.wrap = vec3(0.0);
        }
    }
    float bare = smoothstep(-0.012, 0.012, extra.z);
    if (material < 2 && bare < 1.0) {
        vec3 cloth = shirt_color * mix(1.0, 0.84, smoothstep(-0.11, -0.09, extra.z));
        s.color = mix(cloth, s.color, bare);
        s.specular *= bare;
        s.wrap = mix(vec3(0.12), s.wrap, bare);
        if (bare < 0.5) part = PART_CLOTHES;
    }
    emit(shade(s), 1.0, part, 0.5);
}
