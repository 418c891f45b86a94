using System.Text;

using S3Overlay.Proxy.Configuration.Keys;

namespace S3Overlay.Tests.Configuration;

/// <summary>The file of the keys that the built-in store encrypts with.</summary>
public sealed class EncryptionKeysTests
{
    private const string One = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";
    private const string Two = "AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=";

    [Fact]
    public void All_keys_are_read()
    {
        var keys = Parse($$"""
            {
              // The first encrypts, wherever it is in the file.
              "oldMasters": ["{{Two}}"],
              "master": "{{One}}",
              "kms": {"aws/s3": "{{One}}", "other": "{{Two}}",},
            }
            """);
        Assert.Equal([One, Two], keys.Masters.Select(Convert.ToBase64String));
        Assert.Equal(["aws/s3", "other"], keys.Named.Keys.Order());
        Assert.Empty(Parse("{}").Masters);
    }

    [Theory]
    [InlineData("", "is not JSON")]
    [InlineData("{\"master\": \"" + One + "\"", "is not JSON")]
    [InlineData("[\"" + One + "\"]", "must hold a JSON object")]
    [InlineData("{\"master\": \"AQEBAQEBAQEBAQEBAQEBAQ==\"}", "master must be 32 random bytes")]
    [InlineData("{\"master\": \"AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB\"}", "master must be 32 random bytes")]
    [InlineData("{\"master\": 5}", "master must be 32 random bytes")]
    [InlineData("{\"master\": \"" + One + "\", \"oldMasters\": [\"AQEB\"]}", "each of oldMasters must be 32 random bytes")]
    [InlineData("{\"kms\": {\"a\": \"AQEB\"}}", "kms key a must be 32 random bytes")]
    [InlineData("{\"kms\": {\"a\": \"" + One + "\", \"a\": \"" + Two + "\"}}", "must be different")]
    [InlineData("{\"kms\": {\"a b\": \"" + One + "\"}}", "visible ASCII")]
    [InlineData("{\"kms\": {\"\": \"" + One + "\"}}", "visible ASCII")]
    [InlineData("{\"kms\": [\"" + One + "\"]}", "\"kms\" is unknown or of the wrong type")]
    [InlineData("{\"masters\": \"" + One + "\"}", "\"masters\" is unknown or of the wrong type")]
    public void What_is_wrong_is_said_without_a_key(string file, string problem)
    {
        var message = Assert.Throws<FormatException>(() => Parse(file)).Message;
        Assert.Contains(problem, message, StringComparison.Ordinal);
        Assert.DoesNotContain("AQEB", message, StringComparison.Ordinal);
        Assert.DoesNotContain("AgIC", message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_file_is_said() => Assert.Contains("cannot be read",
        Assert.Throws<FormatException>(() => EncryptionKeys.Read("/nowhere/keys.json")).Message, StringComparison.Ordinal);

    private static EncryptionKeys Parse(string file) => EncryptionKeys.Parse(Encoding.UTF8.GetBytes(file));
}
