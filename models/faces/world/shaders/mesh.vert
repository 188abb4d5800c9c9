in vec3 in_position;
in vec3 in_normal;
in vec2 in_uv;
in vec4 in_extra;  // skin: visibility, material, height above the collar, freckle zone; teeth: visibility
uniform mat4 view_projection;
uniform mat4 light_projection;
out vec3 position;
out vec3 normal;
out vec2 uv;
out vec4 extra;
out vec3 shadow_position;

void main() {
    position = in_position;
    normal = in_normal;
    uv = in_uv;
    extra = in_extra;
    // Shifted along the normal, so that a surface does not shadow itself.
    vec4 in_light = light_projection * vec4(in_position + in_normal * 0.012, 1.0);
    shadow_position = in_light.xyz * 0.5 + 0.5;
    gl_Position = view_projection * vec4(in_position, 1.0);
}
