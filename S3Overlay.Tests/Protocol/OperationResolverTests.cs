using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Operations;

namespace S3Overlay.Tests.Protocol;

public sealed class OperationResolverTests
{
    [Theory]
    [InlineData("GET", "", S3Operation.GetObject)]
    [InlineData("GET", "response-content-type=text/plain", S3Operation.GetObject)]
    [InlineData("GET", "x-id=GetObject", S3Operation.GetObject)]
    [InlineData("GET", "acl", S3Operation.GetObjectAcl)]
    [InlineData("GET", "acl=", S3Operation.GetObjectAcl)]
    [InlineData("GET", "tagging", S3Operation.GetObjectTagging)]
    [InlineData("GET", "attributes", S3Operation.GetObjectAttributes)]
    [InlineData("GET", "uploadId=1", S3Operation.ListParts)]
    [InlineData("GET", "torrent", S3Operation.GetObjectTorrent)]
    [InlineData("HEAD", "", S3Operation.HeadObject)]
    [InlineData("PUT", "", S3Operation.PutObject)]
    [InlineData("PUT", "partNumber=1&uploadId=2", S3Operation.UploadPart)]
    [InlineData("PUT", "retention", S3Operation.PutObjectRetention)]
    [InlineData("POST", "uploads", S3Operation.CreateMultipartUpload)]
    [InlineData("POST", "uploads=", S3Operation.CreateMultipartUpload)]
    [InlineData("POST", "uploadId=2", S3Operation.CompleteMultipartUpload)]
    [InlineData("DELETE", "", S3Operation.DeleteObject)]
    [InlineData("DELETE", "versionId=null", S3Operation.DeleteObject)]
    [InlineData("DELETE", "uploadId=2", S3Operation.AbortMultipartUpload)]
    [Trait("Rule", "R8")]
    public void Objects(string method, string query, S3Operation expected) => Assert.Equal(expected, Resolve(method, "k", query));

    [Theory]
    [InlineData("GET", "", S3Operation.ListObjects)]
    [InlineData("GET", "prefix", S3Operation.ListObjects)]
    [InlineData("GET", "list-type=2&prefix=", S3Operation.ListObjectsV2)]
    [InlineData("GET", "location", S3Operation.GetBucketLocation)]
    [InlineData("GET", "uploads", S3Operation.ListMultipartUploads)]
    [InlineData("GET", "versions", S3Operation.ListObjectVersions)]
    [InlineData("GET", "policy", S3Operation.GetBucketConfiguration)]
    [InlineData("PUT", "", S3Operation.CreateBucket)]
    [InlineData("PUT", "versioning", S3Operation.PutBucketConfiguration)]
    [InlineData("HEAD", "", S3Operation.HeadBucket)]
    [InlineData("DELETE", "", S3Operation.DeleteBucket)]
    [InlineData("DELETE", "cors", S3Operation.DeleteBucketConfiguration)]
    [InlineData("POST", "delete", S3Operation.DeleteObjects)]
    public void Buckets(string method, string query, S3Operation expected) => Assert.Equal(expected, Resolve(method, "", query));

    [Theory]
    [InlineData("x-amz-copy-source", "", S3Operation.CopyObject)]
    [InlineData("x-amz-copy-source", "partNumber=1&uploadId=2", S3Operation.UploadPartCopy)]
    public void A_copy_source_makes_a_put_a_copy(string header, string query, S3Operation expected)
    {
        var headers = new HeaderDictionary { [header] = "/b/k" };
        Assert.Equal(expected, OperationResolver.Resolve("PUT", "bucket", "k", S3Query.Parse(query), headers));
    }

    [Theory]
    [InlineData("PATCH", "k", "", "MethodNotAllowed")]
    [InlineData("POST", "k", "", "MethodNotAllowed")]
    [InlineData("GET", "k", "nonsense", "NotImplemented")]
    [InlineData("PUT", "k", "nonsense=", "NotImplemented")]
    [InlineData("DELETE", "k", "nonsense=", "NotImplemented")]
    [InlineData("POST", "k", "uploads=&nonsense=", "NotImplemented")]
    [InlineData("PUT", "", "nonsense=", "NotImplemented")]
    [InlineData("DELETE", "", "nonsense=", "NotImplemented")]
    [InlineData("GET", "k", "annotation", "NotImplemented")]
    [InlineData("GET", "k", "annotation=&annotationName=a", "NotImplemented")]
    [InlineData("PUT", "k", "annotation=&annotationName=a", "NotImplemented")]
    [InlineData("DELETE", "k", "annotation=&annotationName=a", "NotImplemented")]
    [InlineData("PUT", "k", "encryption=", "NotImplemented")]
    [InlineData("PUT", "k", "nonsense=&partNumber=1&uploadId=2", "NotImplemented")]
    [InlineData("PUT", "k", "partNumber=1", "InvalidArgument")]
    [InlineData("PUT", "k", "uploadId=1", "InvalidArgument")]
    [InlineData("GET", "", "list-type=3", "InvalidArgument")]
    [InlineData("PUT", "", "tagging&policy", "InvalidArgument")]
    [InlineData("GET", "", "policy=&versions", "InvalidArgument")]
    [InlineData("PUT", "k", "acl=&tagging", "InvalidArgument")]
    [InlineData("PUT", "k", "partNumber=1&uploadId=2&retention=", "InvalidArgument")]
    [Trait("Rule", "A1")]
    public void What_is_not_known_is_refused(string method, string key, string query, string code) =>
        Assert.Equal(code, Assert.Throws<S3Exception>(() => Resolve(method, key, query)).Error.Code);

    [Theory]
    [InlineData("DELETE", "k", "retention")]
    [InlineData("DELETE", "k", "uploads")]
    [InlineData("DELETE", "k", "policy")]
    [InlineData("PUT", "k", "attributes")]
    [InlineData("PUT", "k", "restore=")]
    [InlineData("GET", "k", "restore")]
    [InlineData("DELETE", "", "uploads")]
    [InlineData("DELETE", "", "versions")]
    [InlineData("DELETE", "", "acl")]
    [InlineData("DELETE", "", "versioning")]
    [InlineData("DELETE", "", "metadataAnnotationTable=")]
    [InlineData("PUT", "", "location")]
    [InlineData("GET", "", "delete")]
    [Trait("Rule", "R8")]
    public void A_sub_resource_without_that_method_does_not_become_the_object_or_bucket_itself(string method, string key, string query) =>
        Assert.Equal("MethodNotAllowed", Assert.Throws<S3Exception>(() => Resolve(method, key, query)).Error.Code);

    /// <summary>
    /// Features of one vendor go to the store, but not when the name appears next to a sub-resource that has its own permissions or meaning
    /// here.
    /// </summary>
    [Theory]
    [InlineData("PUT", "k", "append&position=3", "", "StoreWrite")]
    [InlineData("PUT", "k", "append=&position=3", "", "StoreWrite")]
    [InlineData("POST", "", "mdsearch", "", "StoreWrite")]
    [InlineData("GET", "", "allow-unordered", "", "ListObjects")]
    [InlineData("DELETE", "", "notification", "", "DeleteBucketConfiguration")]
    [InlineData("GET", "k", "nonsense", "", "NotImplemented")]
    [InlineData("HEAD", "k", "nonsense", "", "NotImplemented")]
    [InlineData("POST", "k", "append", "", "MethodNotAllowed")]
    [InlineData("PUT", "k", "nonsense=", "", "NotImplemented")]
    [InlineData("GET", "", "events", "", "NotImplemented")]
    [InlineData("GET", "k", "layout", "", "NotImplemented")]
    [InlineData("GET", "k", "annotation=", "", "NotImplemented")]
    [InlineData("PUT", "k", "annotation=&annotationName=a", "", "NotImplemented")]
    [InlineData("DELETE", "k", "annotation&annotationName=a", "", "NotImplemented")]
    [InlineData("PUT", "k", "encryption", "", "NotImplemented")]
    [InlineData("PUT", "k", "renameObject=", "", "NotImplemented")]
    [InlineData("PUT", "k", "", "", "PutObject")]
    [InlineData("PUT", "k", "append&position=3", "x-amz-copy-source", "NotImplemented")]
    [InlineData("PUT", "k", "append&acl", "", "NotImplemented")]
    [InlineData("POST", "", "delete&mdsearch", "", "NotImplemented")]
    [InlineData("PUT", "", "policy&nonsense", "", "NotImplemented")]
    [InlineData("DELETE", "k", "append", "", "NotImplemented")]
    [InlineData("DELETE", "", "acl=x", "", "MethodNotAllowed")]
    [Trait("Rule", "T3")]
    public void A_store_gets_the_requests_that_its_kind_supports(string method, string key, string query, string header,
        string expected) =>
        AssertOfStore(expected, method, key, query, header, StoreMakes.Ceph);

    [Theory]
    [InlineData("GET", "annotation", "", "StoreRead")]
    [InlineData("PUT", "annotation=&annotationName=a", "", "StoreWrite")]
    [InlineData("DELETE", "annotation&annotationName=a", "", "StoreWrite")]
    [InlineData("PUT", "encryption=", "", "StoreWrite")]
    [InlineData("PUT", "annotation", "x-amz-copy-source", "NotImplemented")]
    [InlineData("DELETE", "encryption", "", "MethodNotAllowed")]
    [Trait("Rule", "T3")]
    public void AWS_gets_requests_that_other_stores_would_mistake_for_the_object(
        string method, string query, string header, string expected) =>
        AssertOfStore(expected, method, "k", query, header, StoreMakes.Aws);

    [Theory]
    [InlineData("events")]
    [InlineData("usage")]
    [InlineData("acl")]
    [Trait("Rule", "A1")]
    public void The_service_has_no_sub_resources(string name)
    {
        var error = Assert.Throws<S3Exception>(
            () => OperationResolver.Resolve("GET", "", "", S3Query.Parse(name), new HeaderDictionary())).Error.Code;
        Assert.Equal(name == "acl" ? "MethodNotAllowed" : "NotImplemented", error);
    }

    [Fact]
    public void Unknown_parameters_with_a_value_are_ignored()
    {
        Assert.Equal(S3Operation.GetObject, Resolve("GET", "k", "utm_source=mail"));
        Assert.Equal(S3Operation.GetObject, Resolve("GET", "k", "utm_source="));
        Assert.Equal(S3Operation.PutObject, Resolve("PUT", "k", "utm_source=mail"));
    }

    /// <summary>Checks the resolution in a store's own bucket: an operation, or the code of an error.</summary>
    private static void AssertOfStore(string expected, string method, string key, string query, string header, StoreMake make)
    {
        var headers = new HeaderDictionary();
        if (header.Length > 0)
        {
            headers[header] = "/other/secret";
        }

        S3Operation Resolve() => OperationResolver.Resolve(method, "bucket", key, S3Query.Parse(query), headers, make);
        Assert.Equal(expected, Enum.TryParse<S3Operation>(expected, out _) ? Resolve().ToString()
            : Assert.Throws<S3Exception>(() => Resolve()).Error.Code);
    }

    private static S3Operation Resolve(string method, string key, string query) =>
        OperationResolver.Resolve(method, "bucket", key, S3Query.Parse(query), new HeaderDictionary());
}
