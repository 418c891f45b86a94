using S3Overlay.Tests.Support;
using S3Overlay.WebConsole.Gateway;
using S3Overlay.WebConsole.Pages.Browse;

namespace S3Overlay.Tests.WebConsole.Browse;

/// <summary>A store that begins an upload in parts, and does not say which.</summary>
public sealed class UploadIdTests
{
    [Theory]
    [InlineData("<InitiateMultipartUploadResult/>")]
    [InlineData("<InitiateMultipartUploadResult><Bucket>photos</Bucket><UploadId></UploadId></InitiateMultipartUploadResult>")]
    public async Task An_upload_without_an_id_fails_before_a_byte_is_sent(string answer)
    {
        List<string> asked = [];
        var proxy = new FakeProxy(TimeProvider.System)
        {
            Answer = request =>
            {
                asked.Add($"{request.Method} {request.Query}");
                return (200, FakeProxy.TextOf(answer));
            },
        };
        var body = new PatternStream(12 << 20);

        var failure = await Assert.ThrowsAsync<ProxyError>(() => new PartUpload(proxy.Gateway, "/photos/a", 5 << 20)
            .SendAsync(body, 12 << 20, [], [], CancellationToken.None));

        // An empty id would name the object itself: a part would be written over it, and forgetting the parts would delete it.
        Assert.Equal((502, "NoUploadId"), (failure.Status, failure.Code));
        Assert.Equal(["POST uploads="], asked);
        Assert.Equal(0, body.Position);
    }
}
