using System.Text.Json;

using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Administration;

/// <summary>The description of all methods.</summary>
public sealed class OpenApiTests : IAsyncLifetime
{
    private OverlayHost _proxy = null!;

    public async Task InitializeAsync() => _proxy = await OverlayHost.StartEmbeddedAsync(null);

    public async Task DisposeAsync() => await _proxy.DisposeAsync();

    [Fact]
    [Trait("Rule", "A5")]
    public async Task Every_method_is_described_with_its_parameters_and_response()
    {
        var response = await _proxy.SendAsync("GET", "/-/v1/openapi.json");
        Assert.Equal((200, "application/json"), (response.Status, response.Headers["Content-Type"]));
        var document = JsonDocument.Parse(response.Text).RootElement;
        Assert.Equal("3.1.0", document.GetProperty("openapi").GetString());

        // The error for an unknown method lists all methods.
        var refusal = JsonDocument.Parse((await _proxy.SendAsync("GET", "/-/v1/nothing")).Text).RootElement;
        foreach (var name in refusal.GetProperty("message").GetString()!.TrimEnd('.').Split(": ")[1].Split(", "))
        {
            var (verb, path) = (name.Split(' ')[0].ToLowerInvariant(), name.Split(' ')[1]);
            var operation = document.GetProperty("paths").GetProperty(path).GetProperty(verb);
            Assert.EndsWith(".", operation.GetProperty("summary").GetString(), StringComparison.Ordinal);
            var schema = operation.GetProperty("responses").GetProperty("200").GetProperty("content").EnumerateObject().Single().Value
                .GetProperty("schema");
            Assert.True(
                schema.TryGetProperty("properties", out _) || schema.TryGetProperty("oneOf", out _)
                    || schema.GetProperty("format").GetString() == "binary",
                schema.ToString());
            foreach (var parameter in operation.GetProperty("parameters").EnumerateArray())
            {
                Assert.EndsWith(".", parameter.GetProperty("description").GetString(), StringComparison.Ordinal);
            }
        }

        // What changes something can be tried first. A link into the console changes nothing.
        Assert.All(document.GetProperty("paths").EnumerateObject()
            .Where(static path => path.Value.TryGetProperty("post", out _) && path.Name != "/-/v1/console"),
            static path => Assert.Contains("\"dry-run\"", path.Value.ToString(), StringComparison.Ordinal));

        var evict = document.GetProperty("paths").GetProperty("/-/v1/evict").GetProperty("post");
        Assert.Contains("Object bytes", evict.ToString(), StringComparison.Ordinal);
        Assert.Contains("dry-run", evict.ToString(), StringComparison.Ordinal);
    }
}
