using System.Text;

using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Clients;

/// <summary>The requests of Terraform's S3 resources, replayed, with the responses that its provider needs.</summary>
public sealed class TerraformReplayTests : IAsyncLifetime
{
    private readonly Dictionary<string, Stack<string>> _versions = [];
    private OverlayHost _proxy = null!;

    public async Task InitializeAsync() => _proxy = await OverlayHost.StartEmbeddedAsync(null,
        ("S3_OVERLAY_ENCRYPTION_KEY", Convert.ToBase64String(new byte[32])));

    public async Task DisposeAsync() => await _proxy.DisposeAsync();

    [Fact]
    public Task What_the_store_keeps_is_made_read_changed_and_destroyed() => ReplayAsync(TerraformRequests.Kept);

    [Fact]
    public Task What_the_store_does_not_keep_is_refused_and_reads_as_not_set() => ReplayAsync(TerraformRequests.NotKept);

    private async Task ReplayAsync((string Request, string Header, string Body, int Status, string Shown)[] rows)
    {
        foreach (var (request, header, body, status, shown) in rows)
        {
            var (method, target) = request.Split(' ') is [var verb, var rest] ? (verb, rest) : default;
            var key = target.Split('?')[0];
            if (target.Contains("VERSION", StringComparison.Ordinal))
            {
                var made = method == "DELETE" ? _versions[key].Pop() : _versions[key].Peek();
                target = target.Replace("VERSION", made, StringComparison.Ordinal);
            }

            var response = await _proxy.Http.SendAsync(method, target, body.Length > 0 ? Encoding.UTF8.GetBytes(body) : null,
                header.Split(": ") is [var name, var value] ? [(name, value)] : []);
            Assert.True(response.Status == status && (status < 400 ? response.Text.Contains(shown, StringComparison.Ordinal)
                : response.Code == shown), $"{request}: {response.Status} {response.Text}, instead of {status} {shown}");
            if (response.Headers.TryGetValue("x-amz-version-id", out var version) && method == "PUT")
            {
                _versions.TryAdd(key, []);
                _versions[key].Push(version);
            }

            // The provider waits until it reads what it set.
            if (target.EndsWith("?lifecycle=", StringComparison.Ordinal) && status == 200)
            {
                Assert.Equal("all_storage_classes_128K", response.Headers["x-amz-transition-default-minimum-object-size"]);
            }
        }
    }
}
