using Microsoft.AspNetCore.Http;

using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Forwarding;

/// <summary>Query parameters unknown to S3 are part of the signature and are not forwarded (rules A1, T3).</summary>
[Trait("Rule", "A1")]
[Trait("Rule", "T3")]
public sealed class RequestQueryTests : IAsyncLifetime
{
    private readonly List<string> _queries = [];
    private StoreServer _store = null!;

    public async Task InitializeAsync()
    {
        _store = await StoreServer.StartAsync();
        _store.Alter = request => _queries.Add(request.QueryString.Value ?? "");
    }

    public async Task DisposeAsync() => await _store.DisposeAsync();

    [Theory]
    [InlineData("GET", "/bucket/k?x-id=GetObject", "")]
    [InlineData("GET", "/bucket/k?rgwx-uid=admin&versionId=null", "?versionId=null")]
    [InlineData("GET", "/bucket/k?lambdaArn=arn:minio:s3-object-lambda::x:webhook", "")]
    [InlineData("GET", "/bucket/k?response-content-type=text%2Fplain&utm_source=mail", "?response-content-type=text%2Fplain")]
    [InlineData("GET", "/bucket/k?policy=x", "")]
    [InlineData("GET", "/bucket?events=s3:ObjectCreated:*&prefix=a", "?prefix=a")]
    [InlineData("GET", "/bucket?list-type=2&metadata=true&max-keys=3", "?list-type=2&max-keys=3")]
    [InlineData("GET", "/bucket?acl=&format=json", "?acl=")]
    [InlineData("GET", "/bucket/k?partNumber=1&x-amz-meta-a=b", "?partNumber=1")]
    [InlineData("PUT", "/bucket/k?x-id=PutObject&sync-uid=1", "")]
    [InlineData("DELETE", "/bucket/k?force=true&x-id=DeleteObject", "")]
    public async Task They_do_not_reach_the_store(string method, string target, string query)
    {
        await using var proxy = await OverlayHost.StartAsync(_store.Endpoint, null);
        Assert.Equal(200, (await proxy.SendAsync("PUT", "/bucket")).Status);
        Assert.Equal(200, (await proxy.SendAsync("PUT", "/bucket/k", "value")).Status);
        _queries.Clear();
        await proxy.SendAsync(method, target, method == "PUT" ? "value" : null);
        Assert.Equal(query, Assert.Single(_queries));

        // They are part of the signature.
        var signed = proxy.Http.Signed(method, target, method == "PUT" ? "value"u8.ToArray() : null);
        var forged = System.Text.Encoding.Latin1
            .GetBytes(System.Text.Encoding.Latin1.GetString(signed).Replace(" HTTP/1.1", "&another=1 HTTP/1.1", StringComparison.Ordinal));
        Assert.Equal("SignatureDoesNotMatch", (await proxy.Http.SendBytesAsync(forged)).Code);
    }

    [Theory]
    [InlineData("minio", "/bucket?events=s3:ObjectCreated:*&prefix=a", "?events=s3%3AObjectCreated%3A%2A&prefix=a")]
    [InlineData("minio", "/bucket?list-type=2&metadata=true", "?list-type=2&metadata=true")]
    [InlineData("ceph", "/bucket?allow-unordered=true", "?allow-unordered=true")]
    public async Task What_a_store_is_known_to_have_does(string make, string target, string query)
    {
        await using var proxy = await OverlayHost.StartAsync(_store.Endpoint, null, null, ("S3_OVERLAY_LOCAL_STORE", make));
        Assert.Equal(200, (await proxy.SendAsync("PUT", "/bucket")).Status);
        _queries.Clear();
        await proxy.SendAsync("GET", target);
        Assert.Equal(query, Assert.Single(_queries));
    }

    /// <summary>MinIO streams the events of all buckets there.</summary>
    [Theory]
    [InlineData("/?events")]
    [InlineData("/?events=s3:ObjectCreated:*")]
    [InlineData("/?Action=ListUsers&Version=2010-05-08")]
    [InlineData("/?usage")]
    public async Task The_service_itself_only_gets_ListBuckets(string target)
    {
        await using var remote = await ScriptedRemote.StartAsync();
        foreach (var (hasRemote, make) in ((bool, string)[])[(false, "auto"), (false, "minio"), (true, "minio")])
        {
            await using var proxy = await OverlayHost.StartAsync(_store.Endpoint, hasRemote ? remote.Endpoint
                : null, null, ("S3_OVERLAY_LOCAL_STORE", make));
            _queries.Clear();
            var response = await proxy.SendAsync("GET", target);
            Assert.True(response.Status is 200 or 501, response.Text);
            Assert.All(_queries, query => Assert.Equal("", query));
            foreach (var method in (string[])["POST", "PUT", "DELETE"])
            {
                Assert.True((await proxy.SendAsync(method, target, "Action=CreateUser&UserName=me")).Status is 405 or 501);
            }
        }
    }

    /// <summary>The signature parameters of a presigned URL are not forwarded. Parameters that replace headers become headers.</summary>
    [Fact]
    public async Task A_presigned_link_is_forwarded_without_its_signature()
    {
        await using var proxy = await OverlayHost.StartAsync(_store.Endpoint, null);
        using var s3 = S3Clients.Create(proxy.Endpoint);
        await s3.PutBucketAsync("bucket");
        var request = new Amazon.S3.Model.GetPreSignedUrlRequest
        {
            BucketName = "bucket", Key = "k", Verb = Amazon.S3.HttpVerb.PUT, Expires = DateTime.UtcNow.AddHours(1),
            Protocol = Amazon.S3.Protocol.HTTP,
        };
        request.Metadata.Add("x-amz-meta-a", "b");
        request.Parameters.Add("x-id", "PutObject");
        _queries.Clear();
        using var http = new HttpClient();
        using var put = new HttpRequestMessage(HttpMethod.Put, await s3.GetPreSignedURLAsync(request))
            { Content = new ByteArrayContent([1]) };
        put.Headers.Add("x-amz-meta-a", "b");
        using var response = await http.SendAsync(put);
        Assert.Equal(200, (int)response.StatusCode);
        Assert.Equal("", Assert.Single(_queries));
        Assert.Equal("b", (await s3.GetObjectMetadataAsync("bucket", "k")).Metadata["a"]);
    }
}
