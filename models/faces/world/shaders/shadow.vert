in vec3 in_position;
in vec2 in_uv;
uniform mat4 light_projection;
out vec2 uv;

void main() {
    uv = in_uv;
    gl_Position = light_projection * vec4(in_position, 1.0);
}
