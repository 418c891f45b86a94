using System.Net;

using S3Overlay.Proxy.Configuration.Options;
using S3Overlay.Proxy.Forwarding.Endpoints;
using S3Overlay.Proxy.Forwarding.Remotes;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol.Authentication;
using S3Overlay.Proxy.Protocol.Buckets;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Tests.Contract;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Forwarding;

public sealed class S3RemoteTests : IAsyncLifetime
{
    private static readonly byte[] Bytes = [.. Enumerable.Range(0, 200).Select(i => (byte)i)];

    private ScriptedRemote _server = null!;
    private S3WireClient _client = null!;
    private S3Remote _remote = null!;

    public async Task InitializeAsync()
    {
        _server = await ScriptedRemote.StartAsync();
        var settings = new EndpointSettings
        {
            // Requests are counted here: none may be repeated because the machine was busy.
            Endpoint = _server.Endpoint, InstanceId = "test", FirstByteTimeout = Patience.Limit, StallTimeout = Patience.Limit,
            Budget = 2 * Patience.Limit,
        };
        _client = new S3WireClient(settings, _ => new(new SigningCredentials("key", "secret")), TimeProvider.System);
        _remote = new S3Remote(settings, _client, TimeProvider.System);
        _server.Put("bucket", "k", Bytes, ("x-amz-meta-colour", "blue"), ("Content-Encoding", "gzip"));
    }

    public async Task DisposeAsync()
    {
        _client.Dispose();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task Brings_an_object_with_the_headers_that_are_its_own()
    {
        await using var response = await _remote.GetAsync(new("bucket", "k"), default);
        Assert.Equal((200, 200L, new ByteRange(0, 199)), (response.Status, response.Info.Size, response.Range!.Value));
        Assert.Equal(("blue", "gzip", "binary/octet-stream"),
            (response.Info.Header("x-amz-meta-colour"), response.Info.Header("Content-Encoding"), response.Info.Header("Content-Type")));
        Assert.Null(response.Info.Header("Date") ?? response.Info.Header("Content-Length") ?? response.Info.Header("Accept-Ranges")
            ?? response.Info.Header("ETag"));
        Assert.Equal(Bytes, await ReadAsync(response));
        Assert.StartsWith("AWS4-HMAC-SHA256 Credential=key/", _server.Requests[0].Headers["Authorization"], StringComparison.Ordinal);
        Assert.Equal("ENABLED", _server.Requests[0].Headers["x-amz-checksum-mode"]);
        Assert.Equal("test", _server.Requests[0].Headers["x-s3overlay-via"]);
    }

    [Theory]
    [Trait("Rule", "T1")]
    [InlineData("Set-Cookie")]
    [InlineData("set-cookie2")]
    [InlineData("x-amz-cf-id")]
    [InlineData("X-Amz-Cf-Pop")]
    [InlineData("CF-Ray")]
    [InlineData("cf-cache-status")]
    [InlineData("Via")]
    [InlineData("x-served-by")]
    [InlineData("x-cache")]
    [InlineData("x-cache-hits")]
    [InlineData("Age")]
    public async Task What_is_about_one_request_is_not_the_objects(string header)
    {
        _server.Put("bucket", "k", Bytes, (header, "session=1"), ("x-amz-meta-cf-ray", "the user's own"));
        await using var response = await _remote.GetAsync(new("bucket", "k"), default);
        Assert.Null(response.Info.Header(header));
        Assert.Equal("the user's own", response.Info.Header("x-amz-meta-cf-ray"));
        await using var head = await _remote.HeadAsync(new("bucket", "k"), default);
        Assert.Null(head.Info.Header(header));
    }

    [Theory]
    [MemberData(nameof(AwkwardKeys.Indexes), MemberType = typeof(AwkwardKeys))]
    public async Task Any_key_arrives_as_it_is(int index)
    {
        var key = AwkwardKeys.All[index];
        _server.Put("bucket", key, Bytes);
        await using var response = await _remote.GetAsync(new("bucket", key), default);
        Assert.Equal(Bytes, await ReadAsync(response));
        Assert.Equal(key, _server.Requests[0].Key);
        var page = await _remote.ListAsync(new("bucket", key, "", "", null, 1000), default);
        Assert.Contains(page.Rows, row => row.Name == key);
    }

    [Fact]
    [Trait("Rule", "F-broken")]
    public async Task A_body_cut_anywhere_is_healed_with_the_same_version()
    {
        for (var cut = 0; cut < Bytes.Length; cut += 13)
        {
            var first = true;
            _server.Script = (request, _) =>
                Task.FromResult(first && !(first = false) ? new ScriptedOutcome { CutAfter = cut } : ScriptedOutcome.AsUsual);
            var before = _server.Requests.Count;
            await using var response = await _remote.GetAsync(new("bucket", "k"), default);
            Assert.Equal(Bytes, await ReadAsync(response));
            var again = _server.Requests[^1];
            Assert.Equal(2, _server.Requests.Count - before);
            Assert.Equal(($"bytes={cut}-199", response.Info.ETag), (again.Headers["Range"], again.Headers["If-Match"]));
        }
    }

    [Fact]
    [Trait("Rule", "R7")]
    public async Task A_body_whose_object_changed_is_broken_off_and_not_mixed()
    {
        _server.Script = (request, _) =>
        {
            if (request.Headers.ContainsKey("If-Match"))
            {
                _server.Put("bucket", "k", [.. Bytes.Reverse()]);
            }

            return Task.FromResult(request.Headers.ContainsKey("If-Match") ? ScriptedOutcome.AsUsual
                : new ScriptedOutcome { CutAfter = 50 });
        };
        await using var response = await _remote.GetAsync(new("bucket", "k"), default);
        Assert.Equal(RemoteFailure.Changed, (await Assert.ThrowsAsync<RemoteException>(() => ReadAsync(response))).Failure);
    }

    /// <summary>Not every server knows If-Match: what a response says of itself decides.</summary>
    [Theory]
    [Trait("Rule", "R7")]
    [InlineData("version")]
    [InlineData("no version")]
    [InlineData("range")]
    [InlineData("size")]
    public async Task A_body_does_not_go_on_with_a_response_of_another(string other)
    {
        var etag = _server.Put("bucket", "k", Bytes).ETag;
        _server.Script = async (request, context) =>
        {
            if (!request.Headers.ContainsKey("If-Match"))
            {
                return new ScriptedOutcome { CutAfter = 50 };
            }

            context.Response.StatusCode = 206;
            context.Response.Headers.ETag = other switch { "version" => "\"another\"", "no version" => default, _ => etag };
            context.Response.Headers.ContentRange =
                other switch { "range" => "bytes 49-198/200", "size" => "bytes 50-199/300", _ => "bytes 50-199/200" };
            await context.Response.Body.WriteAsync(Bytes.AsMemory(50));
            return ScriptedOutcome.Answered;
        };
        await using var response = await _remote.GetAsync(new("bucket", "k"), default);
        Assert.Equal(RemoteFailure.Changed, (await Assert.ThrowsAsync<RemoteException>(() => ReadAsync(response))).Failure);
    }

    [Fact]
    public async Task Without_an_ETag_nothing_is_healed()
    {
        _server.Put("bucket", "weak", new ScriptedObject(Bytes, "W/\"1\"", DateTimeOffset.UtcNow, []));
        _server.Script = (_, _) => Task.FromResult(new ScriptedOutcome { CutAfter = 50 });
        await using var response = await _remote.GetAsync(new("bucket", "weak"), default);
        Assert.Equal(RemoteFailure.BodyBroken, (await Assert.ThrowsAsync<RemoteException>(() => ReadAsync(response))).Failure);
    }

    [Theory]
    [InlineData(404, "NoSuchKey", RemoteFailure.NoSuchKey)]
    [InlineData(404, "NoSuchBucket", RemoteFailure.NoSuchBucket)]
    [InlineData(403, "AccessDenied", RemoteFailure.AccessDenied)]
    [InlineData(403, "InvalidAccessKeyId", RemoteFailure.BadCredentials)]
    [InlineData(403, "SignatureDoesNotMatch", RemoteFailure.BadCredentials)]
    [InlineData(400, "ExpiredToken", RemoteFailure.BadCredentials)]
    [InlineData(403, "InvalidObjectState", RemoteFailure.Other)]
    [InlineData(412, "PreconditionFailed", RemoteFailure.Changed)]
    [InlineData(508, "LoopDetected", RemoteFailure.Loop)]
    [Trait("Rule", "F-forbidden")]
    public async Task Says_what_an_error_means(int status, string code, RemoteFailure expected)
    {
        _server.Script = async (_, context) =>
        {
            await ScriptedRemote.RespondErrorAsync(context, status, code);
            return ScriptedOutcome.Answered;
        };
        Assert.Equal(expected, (await Assert.ThrowsAsync<RemoteException>(() => _remote.GetAsync(new("bucket", "k"), default))).Failure);
        if (status is 403)
        {
            Assert.Equal(
                expected, (await Assert.ThrowsAsync<RemoteException>(() => _remote.HeadAsync(new("bucket", "k"), default))).Failure);
            Assert.Equal(("GET", "bytes=0-0"), (_server.Requests[^1].Method, _server.Requests[^1].Headers["Range"]));
        }
    }

    [Fact]
    [Trait("Rule", "F-unreachable")]
    public async Task A_5xx_is_retried_and_a_SlowDown_too()
    {
        var responses = new Queue<(int, string)>([(500, "InternalError"), (503, "SlowDown")]);
        _server.Script = async (_, context) =>
        {
            if (!responses.TryDequeue(out var error))
            {
                return ScriptedOutcome.AsUsual;
            }

            await ScriptedRemote.RespondErrorAsync(context, error.Item1, error.Item2);
            return ScriptedOutcome.Answered;
        };
        await using var response = await _remote.GetAsync(new("bucket", "k"), default);
        Assert.Equal(Bytes, await ReadAsync(response));
        Assert.Equal(3, _server.Requests.Count);
    }

    [Fact]
    public async Task The_region_is_learnt_once()
    {
        _server.Script = async (request, context) =>
        {
            if (request.Headers["Authorization"].Contains("/eu-north-1/", StringComparison.Ordinal))
            {
                return ScriptedOutcome.AsUsual;
            }

            context.Response.Headers["x-amz-bucket-region"] = "eu-north-1";
            await ScriptedRemote.RespondErrorAsync(context, 400, "AuthorizationHeaderMalformed");
            return ScriptedOutcome.Answered;
        };
        for (var i = 0; i < 2; i++)
        {
            await using var response = await _remote.GetAsync(new("bucket", "k"), default);
            Assert.Equal(200, response.Status);
        }

        Assert.Equal(3, _server.Requests.Count);
    }

    [Fact]
    [Trait("Rule", "W1")]
    public async Task The_transport_refuses_everything_but_reading()
    {
        using var guarded = new HttpMessageInvoker(new ReadOnlyHandler(new SocketsHttpHandler()));
        foreach (var method in new[] { HttpMethod.Put, HttpMethod.Post, HttpMethod.Delete, HttpMethod.Patch, HttpMethod.Options })
        {
            using var request = new HttpRequestMessage(method, _server.Endpoint);
            await Assert.ThrowsAsync<InvalidOperationException>(() => guarded.SendAsync(request, default));
        }

        using var body = new HttpRequestMessage(HttpMethod.Get, _server.Endpoint) { Content = new StringContent("x") };
        await Assert.ThrowsAsync<InvalidOperationException>(() => guarded.SendAsync(body, default));
        Assert.Empty(_server.Requests);
    }

    [Fact]
    public async Task A_key_that_a_mapping_makes_too_long_is_absent_without_a_request()
    {
        var key = "prefix/" + new string('k', 1024);
        Assert.Equal(RemoteFailure.NoSuchKey,
            (await Assert.ThrowsAsync<RemoteException>(() => _remote.GetAsync(new("bucket", key), default))).Failure);
        Assert.Equal(RemoteFailure.NoSuchKey,
            (await Assert.ThrowsAsync<RemoteException>(() => _remote.HeadAsync(new("bucket", key), default))).Failure);
        Assert.Empty(_server.Requests);
    }

    [Theory]
    [InlineData("s3.eu-west-1.amazonaws.com", "my-bucket", true)]
    [InlineData("s3.cn-north-1.amazonaws.com.cn", "my-bucket", true)]
    [InlineData("oss-cn-hangzhou.aliyuncs.com", "my-bucket", true)]
    [InlineData("s3.eu-west-1.amazonaws.com", "my.bucket", false)]
    [InlineData("amazonaws.com.example.org", "my-bucket", false)]
    [InlineData("storage.example.org", "my-bucket", false)]
    [InlineData("minio.ns.svc", "my-bucket", false)]
    [InlineData("host.docker.internal", "my-bucket", false)]
    [InlineData("localhost", "my-bucket", false)]
    [InlineData("minio", "my-bucket", false)]
    [InlineData("10.0.0.1", "my-bucket", false)]
    [InlineData("[::1]", "my-bucket", false)]
    public void Addressing_follows_the_host(string host, string bucket, bool isVirtual)
    {
        var target = new EndpointAddress(new Uri($"https://{host}:9000"), AddressingStyle.Auto).Of(
            bucket, "a/../b%", "", AwsHosts.RegionOf(host) ?? "us-east-1");
        Assert.Equal(isVirtual ? $"{bucket}.{host}:9000" : $"{host}:9000", target.Host);
        Assert.Equal(isVirtual ? "/a/../b%25" : $"/{bucket}/a/../b%25", target.RawPath);
        Assert.EndsWith(target.RawPath, target.Uri.AbsoluteUri, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("My_Bucket", "My_Bucket.storage.example.org")]
    [InlineData("tenant:bucket", "storage.example.org")]
    [InlineData(":9000", "storage.example.org")]
    [InlineData("a..b", "storage.example.org")]
    public void Where_every_bucket_is_a_host_none_with_a_tenant_is(string bucket, string host) => Assert.Equal(
        host, new EndpointAddress(new Uri("http://storage.example.org"), AddressingStyle.Virtual)
            .Of(bucket, "k", "", "us-east-1").Uri.Authority, ignoreCase: true);

    [Theory, Trait("Rule", "F")]
    [InlineData("ExpiredToken", null)]
    [InlineData("InvalidBucketName", false)]
    [InlineData("NoSuchBucket", false)]
    public async Task A_bare_400_about_a_bucket_is_explained_before_it_passes_for_absent(string code, bool? exists)
    {
        _server.Script = async (request, context) =>
        {
            await ScriptedRemote.RespondErrorAsync(context, code == "NoSuchBucket" && request.Method == "GET" ? 404 : 400, code);
            return ScriptedOutcome.Answered;
        };
        if (exists is { } expected)
        {
            Assert.Equal(expected, await _remote.BucketExistsAsync("bucket", default));
        }
        else
        {
            Assert.Equal(RemoteFailure.BadCredentials,
                (await Assert.ThrowsAsync<RemoteException>(() => _remote.BucketExistsAsync("bucket", default))).Failure);
        }
    }

    [Theory, Trait("Rule", "L4")]
    [InlineData("<Size></Size>")]
    [InlineData("<Size>99999999999999999999</Size>")]
    [InlineData("<Size>1</Size><LastModified>today</LastModified>")]
    public async Task A_row_that_cannot_be_read_is_the_remotes_failure(string fields)
    {
        _server.Script = async (_, context) =>
        {
            await Microsoft.AspNetCore.Http.HttpResponseWritingExtensions.WriteAsync(
                context.Response,
                $"<ListBucketResult><Contents><Key>k</Key>{fields}</Contents><IsTruncated>false</IsTruncated></ListBucketResult>");
            return ScriptedOutcome.Answered;
        };
        Assert.Equal(RemoteFailure.Unavailable,
            (await Assert.ThrowsAsync<RemoteException>(() => _remote.ListAsync(new("bucket", "", "", "", null, 1000), default))).Failure);
    }

    private static async Task<byte[]> ReadAsync(RemoteObject response)
    {
        using var copy = new MemoryStream();
        await response.Body.CopyToAsync(copy);
        return copy.ToArray();
    }
}
