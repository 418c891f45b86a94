using System.Text;

using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.Forwarding.Endpoints;
using S3Overlay.Proxy.Forwarding.Remotes;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Authentication;
using S3Overlay.Proxy.Protocol.Bodies;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Overlay.Reading;

/// <summary>Sub-resources, versions and parts are what they are in S3, never the object's bytes (rule R8).</summary>
public class SubResourceTests : ReaderTestBase
{
    [Theory]
    [Trait("Rule", "R8")]
    [InlineData(S3Operation.GetObjectAcl, "acl&X-Amz-Signature=secret", "acl")]
    [InlineData(S3Operation.GetObjectTagging, "tagging&versionId=a%2Fb", "tagging&versionId=a%2Fb")]
    public async Task Documents_are_passed_on_though_they_come_without_a_length(S3Operation operation, string query, string passedOn)
    {
        await using var server = await ScriptedRemote.StartAsync();
        server.Put("remote-bucket", "key", Bytes(10));
        string? asked = null;
        server.Script = async (_, context) =>
        {
            asked = context.Request.QueryString.Value;
            context.Response.ContentType = "application/xml";
            await context.Response.WriteAsync("<Doc>");
            await context.Response.Body.FlushAsync();
            await context.Response.WriteAsync("</Doc>");
            return ScriptedOutcome.Answered;
        };
        var settings = new EndpointSettings { Endpoint = server.Endpoint, InstanceId = "test" };
        using var client = new S3WireClient(settings, _ => new(new SigningCredentials("key", "secret")), TimeProvider.System);
        var bucket = new RemoteBucket(new S3Remote(settings, client, TimeProvider.System), "remote-bucket", "");
        var response = new CollectedResponse();
        await Reader.ReadAsync(Request("key", query: query) with { Operation = operation }, response, bucket, default);
        await response.Body.FlushAsync();
        Assert.Equal("<Doc></Doc>", Encoding.UTF8.GetString(response.Bytes));
        Assert.Equal(
            (200, 11L, "application/xml"), (response.Status, response.Headers.ContentLength, response.Headers.ContentType.ToString()));
        Assert.Equal("BYPASS", response.Headers["x-cache"].ToString());
        Assert.Equal("?" + passedOn, asked!.Replace("acl=", "acl", StringComparison.Ordinal)
            .Replace("tagging=", "tagging", StringComparison.Ordinal));
    }

    [Theory]
    [Trait("Rule", "R8")]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Attributes_come_from_the_headers_where_the_remote_does_not_know_them(bool refuses)
    {
        await using var server = await ScriptedRemote.StartAsync();
        server.Put("remote-bucket", "key", Bytes(2 << 20));
        server.Script = async (request, context) =>
        {
            if (!refuses || !request.RawQuery.StartsWith("attributes", StringComparison.Ordinal))
            {
                return ScriptedOutcome.AsUsual;
            }

            await ScriptedRemote.RespondErrorAsync(context, 501, "NotImplemented");
            return ScriptedOutcome.Answered;
        };
        var settings = new EndpointSettings { Endpoint = server.Endpoint, InstanceId = "test" };
        using var client = new S3WireClient(settings, _ => new(new SigningCredentials("key", "secret")), TimeProvider.System);
        var bucket = new RemoteBucket(new S3Remote(settings, client, TimeProvider.System), "remote-bucket", "");
        var request = Request("key", query: "attributes", headers: ("x-amz-object-attributes", "ETag,ObjectSize,ObjectParts"));
        var response = new CollectedResponse();
        await Reader.ReadAsync(request with { Operation = S3Operation.GetObjectAttributes }, response, bucket, default);
        await response.Body.FlushAsync();
        var etag = Convert.ToHexStringLower(System.Security.Cryptography.MD5.HashData(Bytes(2 << 20)));
        Assert.EndsWith($"<ETag>{etag}</ETag><ObjectSize>2097152</ObjectSize></GetObjectAttributesResponse>",
            Encoding.UTF8.GetString(response.Bytes));
        var failure = await Assert.ThrowsAsync<S3Exception>(() => Reader.ReadAsync(
            Request("key", query: "torrent") with { Operation = S3Operation.GetObjectTorrent }, new CollectedResponse(), bucket, default));
        Assert.Equal("NotImplemented", failure.Error.Code);
    }

    [Theory]
    [Trait("Rule", "T1")]
    [InlineData("Tue, 07 May 2024 08:09:10 GMT")]
    [InlineData(null)]
    public async Task A_document_has_the_date_that_the_remote_gave_it(string? date)
    {
        await using var scene = await LayerScene.StartAsync("embedded");
        scene.Remote.Put("bucket", "key", Bytes(10));
        scene.Remote.Script = async (request, context) =>
        {
            if (!request.RawQuery.StartsWith("attributes", StringComparison.Ordinal))
            {
                return ScriptedOutcome.AsUsual;
            }

            context.Response.Headers.LastModified = date;
            await context.Response.WriteAsync("<GetObjectAttributesResponse><ObjectSize>10</ObjectSize></GetObjectAttributesResponse>");
            return ScriptedOutcome.Answered;
        };
        var response = await scene.SendAsync("GET", "/bucket/key?attributes", null, ("x-amz-object-attributes", "ObjectSize"));
        Assert.Equal((200, date), (response.Status, response.Headers.GetValueOrDefault("Last-Modified")));
    }

    [Fact]
    [Trait("Rule", "R8")]
    public async Task A_version_is_requested_from_the_remote_even_if_the_key_is_cached()
    {
        Remote.Put("key", Bytes(40));
        await ReadAsync("key");
        await QuietAsync();
        var response = await ReadAsync(Request("key", "bytes=0-3", query: "versionId=v1"));
        Assert.Equal("versionId=v1", Remote.Gets.Last().Query);
        Assert.Equal(Bytes(40)[..4], response.Bytes);
        Assert.Equal("BYPASS", response.Headers["x-cache"].ToString());
    }

    [Fact]
    [Trait("Rule", "T1")]
    public async Task A_part_of_a_cached_object_is_requested_with_its_etag()
    {
        var info = Remote.Put("key", Bytes(40));
        await ReadAsync("key");
        await QuietAsync();
        await ReadAsync(Request("key", query: "partNumber=1"));
        Assert.Equal(("partNumber=1", info.ETag), (Remote.Gets.Last().Query, Remote.Gets.Last().IfMatch));
        await Assert.ThrowsAsync<S3Exception>(() => ReadAsync(Request("key", query: "partNumber=x")));
    }

    [Theory]
    [Trait("Rule", "T1")]
    [Trait("Rule", "F")]
    [InlineData(S3Operation.GetObject, "", 404)]
    [InlineData(S3Operation.GetObject, "partNumber=1", 404)]
    [InlineData(S3Operation.GetObjectTagging, "tagging", 403)]
    [InlineData(S3Operation.GetObjectAcl, "acl", 403)]
    [InlineData(S3Operation.GetObjectAttributes, "attributes", 403)]
    public async Task A_refusal_counts_as_absence_only_on_reads_of_the_object(S3Operation operation, string query, int status)
    {
        Remote.Put("key", Bytes(40));
        Remote.OnRequest = (_, _) => throw new RemoteException(RemoteFailure.AccessDenied, "refused")
            { Status = 403, Code = "AccessDenied" };
        var failure = await Assert.ThrowsAsync<S3Exception>(
            () => ReadAsync(Request("key", query: query, headers: ("x-amz-object-attributes", "ETag")) with { Operation = operation }));
        Assert.Equal((status, status == 404 ? "NoSuchKey" : "AccessDenied"), (failure.Error.Status, failure.Error.Code));
    }

    [Fact]
    [Trait("Rule", "R8")]
    public async Task A_composite_checksum_has_no_count_among_attributes()
    {
        Remote.Put("key", Bytes(40), checksum: new(ChecksumAlgorithm.Crc32, "5FRUiw==-3"));
        Remote.OnRequest = (read, _) => read.Query != "attributes" ? Task.CompletedTask
            : throw new RemoteException(RemoteFailure.Other, "not known") { Status = 501, Code = "NotImplemented" };
        var response = await ReadAsync(Request("key", query: "attributes",
            headers: ("x-amz-object-attributes", "Checksum")) with { Operation = S3Operation.GetObjectAttributes });
        Assert.Contains("<ChecksumCRC32>5FRUiw==</ChecksumCRC32>", Encoding.UTF8.GetString(response.Bytes), StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Rule", "R8")]
    public async Task A_clients_own_key_goes_with_the_HEAD_that_replaces_GetObjectAttributes()
    {
        Remote.Put("key", Bytes(40));
        Remote.OnRequest = (read, _) => read.Query != "attributes" ? Task.CompletedTask
            : throw new RemoteException(RemoteFailure.Other, "not known") { Status = 501, Code = "NotImplemented" };
        var request = Request("key", query: "attributes",
            headers: [("x-amz-object-attributes", "ObjectSize"), ("x-amz-server-side-encryption-customer-algorithm", "AES256")]);
        var response = await ReadAsync(request with { Operation = S3Operation.GetObjectAttributes });
        Assert.Contains("<ObjectSize>40</ObjectSize>", Encoding.UTF8.GetString(response.Bytes), StringComparison.Ordinal);
        Assert.Equal("AES256", Assert.Single(Assert.Single(Remote.Heads).Headers).Value);
    }

    [Fact]
    [Trait("Rule", "T1")]
    public async Task A_clients_own_key_goes_over_TLS_only_and_is_not_cached()
    {
        Remote.Put("key", Bytes(40));
        var request = Request("key", headers: ("x-amz-server-side-encryption-customer-algorithm", "AES256"));
        await ReadAsync(request);
        Assert.Contains(Remote.Gets.Last().Headers, header => header.Value == "AES256");
        Assert.Null(await Store.FindAsync(Bucket, "key", default));
        var plain = new FakeRemote { Endpoint = "http://remote.test" };
        plain.Put("key", Bytes(40));
        await Assert.ThrowsAsync<S3Exception>(() => Reader.ReadAsync(request, new CollectedResponse(), plain.Bucket, default));
        Assert.Empty(plain.Gets);
    }
}
