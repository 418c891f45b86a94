using S3Overlay.Proxy.Protocol.Authentication;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Contract;

/// <summary>Whether there is a body, and how long it is: the same in every version of HTTP (rule W7).</summary>
[Trait("Rule", "W7")]
public abstract class BodyTests<TFixture>(TFixture fixture) : IClassFixture<TFixture>
    where TFixture : LocalOnlyFixture
{
    private readonly SignedHttp _http = new(fixture.Proxy.Endpoint);

    [Fact]
    public async Task A_body_of_unknown_length_is_refused_and_not_stored_empty()
    {
        var (bucket, body) = (await fixture.NewBucketAsync(), "value"u8.ToArray());
        var response = await _http.SendWithoutLengthAsync("PUT", $"/{bucket}/k", body);
        Assert.Equal((411, "MissingContentLength"), (response.Status, response.Code));
        var hashed = await _http.SendWithoutLengthAsync("PUT", $"/{bucket}/k", body, ("x-amz-content-sha256", SigV4.EmptyPayload));
        Assert.Equal((411, "MissingContentLength"), (hashed.Status, hashed.Code));
        Assert.Equal(404, (await _http.SendAsync("GET", $"/{bucket}/k")).Status);
        var upload = await HttpUpload.StartAsync(_http, $"/{bucket}/k");
        Assert.Equal(411, (await _http.SendWithoutLengthAsync("PUT", upload.Part(1), body)).Status);
        Assert.Equal(411, (await _http.SendWithoutLengthAsync("POST", $"/{bucket}?delete", body)).Status);
    }

    [Fact]
    public async Task A_body_in_frames_has_the_length_that_they_hold()
    {
        var bucket = await fixture.NewBucketAsync();
        (string, string)[] headers = [("x-amz-content-sha256", SigV4.StreamingUnsignedPayloadTrailer),
            ("x-amz-trailer", "x-amz-checksum-crc32"), ("x-amz-decoded-content-length", "5")];
        var framed = "5\r\nvalue\r\n0\r\nx-amz-checksum-crc32:HXdYNA==\r\n\r\n"u8.ToArray();
        Assert.Equal(200, (await _http.SendWithoutLengthAsync("PUT", $"/{bucket}/k", framed, headers)).Status);
        Assert.Equal("value", (await _http.SendAsync("GET", $"/{bucket}/k")).Text);
        var wrong = await _http.SendWithoutLengthAsync("PUT", $"/{bucket}/k",
            "5\r\nvalue\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n"u8.ToArray(), headers);
        Assert.Equal((400, "BadDigest"), (wrong.Status, wrong.Code));
        var unsaid = await _http.SendWithoutLengthAsync("PUT", $"/{bucket}/k", framed, headers[0], headers[1]);
        Assert.Equal((411, "MissingContentLength"), (unsaid.Status, unsaid.Code));
    }

    [Fact]
    public async Task No_body_at_all_is_an_empty_object()
    {
        var bucket = await fixture.NewBucketAsync();
        Assert.Equal(200, (await _http.SendAsync("PUT", $"/{bucket}/none")).Status);
        Assert.Equal(200, (await _http.SendAsync("PUT", $"/{bucket}/empty", [])).Status);

        // The server takes what follows an upgrade for a body, but it does not belong to the request.
        Assert.Equal(
            200, (await _http.SendAsync("PUT", $"/{bucket}/upgrade", null, ("Connection", "Upgrade, close"), ("Upgrade", "h2c"))).Status);
        foreach (var key in (string[])["none", "empty", "upgrade"])
        {
            Assert.Equal((200, "0"), ((await _http.SendAsync("HEAD", $"/{bucket}/{key}")) is var head
                ? (head.Status, head.Headers["Content-Length"]) : default));
        }
    }

    /// <summary>Such a body has no meaning, and some clients send an empty one.</summary>
    [Fact]
    public async Task The_body_of_a_read_or_a_delete_is_ignored()
    {
        var bucket = await fixture.NewBucketAsync();
        Assert.Equal(200, (await _http.SendAsync("PUT", $"/{bucket}/k", "value"u8.ToArray())).Status);
        Assert.Equal("value", (await _http.SendWithoutLengthAsync("GET", $"/{bucket}/k", "x"u8.ToArray())).Text);
        Assert.Equal(204, (await _http.SendWithoutLengthAsync("DELETE", $"/{bucket}/k", [])).Status);
    }
}
