using System.Text;
using System.Text.Json;

using S3Overlay.Proxy.Protocol.Forms;

namespace S3Overlay.Tests.Protocol.Forms;

public sealed class PolicyEscapesTests
{
    [Theory]
    [InlineData("\"plain\"", "plain")]
    [InlineData("\"\\$key\"", "$key")]
    [InlineData("\"\\\\$key\"", "\\$key")]
    [InlineData("\"\\\\\\$key\"", "\\$key")]
    [InlineData("\"a\\vb\\n\\u00fc\"", "a\vb\nü")]
    [InlineData("\"\\\\v\"", "\\v")]
    public void A_dollar_sign_may_be_escaped(string policy, string text) =>
        Assert.Equal(text, JsonDocument.Parse(PolicyEscapes.ToJson(Encoding.UTF8.GetBytes(policy))).RootElement.GetString());

    [Fact]
    public void A_backslash_at_the_end_is_left_for_the_parser_to_refuse() =>
        Assert.Equal("\\$\\".Length - 1, PolicyEscapes.ToJson("\\$\\"u8.ToArray()).Length);
}
