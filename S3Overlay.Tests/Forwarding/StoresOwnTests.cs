using System.Net.Sockets;
using System.Text;

using Microsoft.AspNetCore.Http;

using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Forwarding;

/// <summary>
/// Features of a store beyond S3, or unknown to the overlay. In buckets without a remote the store serves them (rule T3).
/// </summary>
[Trait("Rule", "T3")]
public sealed class StoresOwnTests : IAsyncLifetime
{
    private StoreServer _store = null!;

    public async Task InitializeAsync() => _store = await StoreServer.StartAsync();

    public async Task DisposeAsync() => await _store.DisposeAsync();

    /// <summary>Operations such as Ceph's append: supported if the store's responses or the settings say so.</summary>
    [Theory]
    [InlineData(5, "auto")]
    [InlineData(100_000, "auto")]
    [InlineData(5, "ceph")]
    public async Task A_sub_resource_that_the_store_is_known_to_have_reaches_it(int size, string make)
    {
        if (make == "auto")
        {
            _store.Dress = context => context.Response.Headers["x-amz-request-id"] = "tx0000061dfb741c5732a11-006b05f036-1017-default";
        }

        await using var proxy = await OverlayHost.StartAsync(_store.Endpoint, null, null, ("S3_OVERLAY_LOCAL_STORE", make));
        var (query, came) = ("", 0L);
        _store.Take = context => context.Request.Query.ContainsKey("append") ? TakeAsync(context) : null;
        var response = await proxy.Http.SendAsync("PUT", "/bucket/k?append&position=3", new byte[size]);
        Assert.Equal((200, "8"), (response.Status, response.Headers.GetValueOrDefault("x-rgw-next-append-position")));
        Assert.Equal(("?append&position=3", (long)size), (query, came));

        async Task TakeAsync(HttpContext context)
        {
            using var bytes = new MemoryStream();
            await context.Request.Body.CopyToAsync(bytes);
            (query, came) = (context.Request.QueryString.Value ?? "", bytes.Length);
            context.Response.Headers["x-rgw-next-append-position"] = "8";
        }
    }

    [Theory]
    [Trait("Rule", "A1")]
    [InlineData("auto")]
    [InlineData("minio")]
    [InlineData("aws")]
    public async Task No_other_store_gets_it(string make)
    {
        await using var proxy = await OverlayHost.StartAsync(_store.Endpoint, null, null, ("S3_OVERLAY_LOCAL_STORE", make));
        _store.ForgetCalls();
        var response = await proxy.SendAsync("PUT", "/bucket/k?append&position=3", "value");
        Assert.Equal((501, "NotImplemented"), (response.Status, response.Code));
        Assert.Empty(_store.Calls);
    }

    [Theory]
    [Trait("Rule", "A1")]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Over_a_remote_its_meaning_is_not_guessed(bool onStore)
    {
        await using var remote = await ScriptedRemote.StartAsync();
        await using var proxy = await OverlayHost.StartAsync(onStore ? _store.Endpoint : null, remote.Endpoint);
        _store.ForgetCalls();
        var response = await proxy.SendAsync("PUT", "/bucket/k?append&position=3", "value");
        Assert.Equal((501, "NotImplemented"), (response.Status, response.Code));
        Assert.Empty(_store.Calls);
    }

    /// <summary>
    /// MinIO puts the file of such a form under each key of a list. As one object it would be another request than the one that was made.
    /// </summary>
    [Fact]
    public async Task A_form_for_many_keys_is_refused_and_puts_none()
    {
        await using var proxy = await OverlayHost.StartAsync(_store.Endpoint, null);
        await proxy.SendAsync("PUT", "/bucket");
        const string Policy =
            """{"expiration": "2999-01-01T00:00:00Z", "conditions": [{"bucket": "bucket"}, ["starts-with", "$key", ""], """
            + """["starts-with", "$x-minio-fanout-list", ""]]}""";
        var response = await new UploadForm("minioadmin", "minioadmin").With("key", "k")
            .With("x-minio-fanout-list", """{"key":"a"}{"key":"b"}""").SignedV2(Policy).SendAsync(proxy.Http, "/bucket");
        Assert.Equal((501, "NotImplemented"), (response.Status, response.Code));
        Assert.DoesNotContain("<Contents>", (await proxy.SendAsync("GET", "/bucket")).Text, StringComparison.Ordinal);
    }

    /// <summary>The frames of an event stream are binary, and come over minutes: byte for byte, and each when it comes.</summary>
    [Fact]
    public async Task An_event_stream_passes_as_it_comes()
    {
        await using var proxy = await OverlayHost.StartAsync(_store.Endpoint, null);
        var frames = Enumerable.Range(0, 3).Select(i => Bytes(i, 1000 + i)).ToArray();
        var isSeen = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var limit = new CancellationTokenSource(Patience.Limit);
        _store.Take = context => context.Request.Query.ContainsKey("select") ? SelectAsync(context) : null;
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(proxy.Endpoint.Host, proxy.Endpoint.Port, limit.Token);
        await socket.SendAsync(proxy.Http.Signed("POST", "/bucket/k?select&select-type=2", "<SelectObjectContentRequest/>"u8.ToArray()),
            limit.Token);
        using var came = new MemoryStream();
        var buffer = new byte[65536];
        int read;
        while ((read = await socket.ReceiveAsync(buffer, limit.Token)) > 0)
        {
            came.Write(buffer, 0, read);
            if (came.ToArray().AsSpan().IndexOf(frames[0]) >= 0)
            {
                // The store sends no more before the client has this.
                isSeen.TrySetResult();
            }
        }

        var response = RawResponse.Parse(came.ToArray());
        Assert.Equal((200, "application/vnd.amazon.eventstream"), (response.Status, response.Headers["Content-Type"]));
        Assert.Equal(frames.SelectMany(frame => frame), response.Body);

        async Task SelectAsync(HttpContext context)
        {
            context.Response.ContentType = "application/vnd.amazon.eventstream";
            await context.Response.Body.WriteAsync(frames[0]);
            await context.Response.Body.FlushAsync();
            await isSeen.Task.WaitAsync(limit.Token);
            await context.Response.Body.WriteAsync(frames[1]);
            await context.Response.Body.WriteAsync(frames[2]);
        }
    }

    /// <summary>
    /// Stores without GetObjectAttributes refuse it, or return the object instead (RGW 16). For a written key of the overlay, the proxy
    /// builds the response from HEAD.
    /// </summary>
    [Theory]
    [Trait("Rule", "R8")]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Attributes_that_the_store_lacks_come_from_its_HEAD(bool refuses)
    {
        await using var remote = await ScriptedRemote.StartAsync();
        _store.Take = context => !context.Request.Query.ContainsKey("attributes") ? null
            : refuses ? ScriptedRemote.RespondErrorAsync(context, 501, "NotImplemented")
            : context.Response.Body.WriteAsync("value"u8.ToArray()).AsTask();
        await using var proxy = await OverlayHost.StartAsync(_store.Endpoint, remote.Endpoint);
        await proxy.SendAsync("PUT", "/bucket");
        await proxy.SendAsync("PUT", "/bucket/k", "value",
            ("x-amz-checksum-sha256", Convert.ToBase64String(System.Security.Cryptography.SHA256.HashData("value"u8))));
        var response = await proxy.SendAsync("GET", "/bucket/k?attributes", null, ("x-amz-object-attributes", "ETag,ObjectSize,Checksum"));
        Assert.True(response.Status == 200, response.Text);
        Assert.Contains("<ObjectSize>5</ObjectSize>", response.Text, StringComparison.Ordinal);
        Assert.Contains("<ChecksumSHA256>", response.Text, StringComparison.Ordinal);
        Assert.Contains("<ETag>2063c1608d6e0baf80249c42e2be5804</ETag>", response.Text, StringComparison.Ordinal);
        var gone = await proxy.SendAsync("GET", "/bucket/other?attributes", null, ("x-amz-object-attributes", "ETag"));
        Assert.Equal((404, "NoSuchKey"), (gone.Status, gone.Code));
    }

    [Theory]
    [Trait("Rule", "R8")]
    [InlineData("", "InvalidRequest")]
    [InlineData("KeepsItToItself", "KeepsItToItself")]
    public async Task A_head_that_is_refused_without_a_word_is_a_bad_request(string code, string told)
    {
        await using var remote = await ScriptedRemote.StartAsync();
        _store.Take = context => context.Request.Query.ContainsKey("attributes")
            ? ScriptedRemote.RespondErrorAsync(context, 501, "NotImplemented")
            : context.Request.Method is "GET" or "HEAD" && context.Request.Path == "/bucket/k"
                ? ScriptedRemote.RespondErrorAsync(context, 400, code, "")
            : null;
        await using var proxy = await OverlayHost.StartAsync(_store.Endpoint, remote.Endpoint);
        await proxy.SendAsync("PUT", "/bucket");
        var refused = await proxy.SendAsync("GET", "/bucket/k?attributes", null, ("x-amz-object-attributes", "ObjectSize"));
        Assert.True((refused.Status, refused.Code) == (400, told), refused.Text);

        // Some clients cannot read an error that says nothing.
        Assert.DoesNotContain("<Message></Message>", refused.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("<Message/>", refused.Text, StringComparison.Ordinal);
    }

    /// <summary>An object encrypted with a client's own key. The store shows it only to requests that carry the key.</summary>
    [Theory]
    [Trait("Rule", "R8")]
    [InlineData("")]
    [InlineData("&versionId=v1")]
    public async Task A_HEAD_in_place_of_attributes_has_the_clients_headers_and_its_refusal_is_the_response(
        string version)
    {
        const string Key = "x-amz-server-side-encryption-customer-key";
        await using var remote = await ScriptedRemote.StartAsync();
        var (owner, payer) = ("", "");
        _store.Take = context => context.Request.Query.ContainsKey("attributes")
            ? ScriptedRemote.RespondErrorAsync(context, 501, "NotImplemented")
            : context.Request.Method is "GET" or "HEAD" && context.Request.Path == "/bucket/k" ? AnswerAsync(context)
            : null;
        await using var proxy = await OverlayHost.StartAsync(_store.Endpoint, remote.Endpoint);
        await proxy.SendAsync("PUT", "/bucket");
        await proxy.SendAsync("PUT", "/bucket/k", "value");
        var refused = await proxy.SendAsync("GET", "/bucket/k?attributes" + version, null, ("x-amz-object-attributes", "ObjectSize"));
        Assert.True((refused.Status, refused.Code) == (400, "InvalidRequest"), refused.Text);
        var told = await proxy.SendAsync(
            "GET", "/bucket/k?attributes" + version, null, ("x-amz-object-attributes", "ObjectSize"), (Key, "secret"),
            ("x-amz-expected-bucket-owner", "1234"), ("x-amz-request-payer", "requester"));
        Assert.True(told.Status == 200, told.Text);
        Assert.Contains("<ObjectSize>5</ObjectSize>", told.Text, StringComparison.Ordinal);
        Assert.Equal(("1234", "requester"), (owner, payer));
        var failed = await proxy.SendAsync(
            "GET", "/bucket/k?attributes" + version, null, ("x-amz-object-attributes", "ObjectSize"), (Key, "secret"),
            ("If-Match", "\"other\""));
        Assert.Equal((412, "PreconditionFailed"), (failed.Status, failed.Code));

        Task AnswerAsync(HttpContext context)
        {
            if (!context.Request.Headers.ContainsKey(Key))
            {
                return ScriptedRemote.RespondErrorAsync(context, 400, "InvalidRequest");
            }

            (owner, payer) = (context.Request.Headers["x-amz-expected-bucket-owner"].ToString(),
                context.Request.Headers["x-amz-request-payer"].ToString());
            context.Response.Headers.ETag = "\"etag\"";
            context.Response.Headers.LastModified = "Mon, 06 May 2024 07:08:09 GMT";
            context.Response.ContentLength = 5;
            return context.Request.Method == "HEAD" ? Task.CompletedTask : context.Response.Body.WriteAsync("value"u8.ToArray()).AsTask();
        }
    }

    private static byte[] Bytes(int seed, int length)
    {
        var bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }
}
