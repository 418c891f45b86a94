using S3Overlay.Proxy.Protocol;
using S3Overlay.Tests.Support;

using static S3Overlay.Tests.Support.EmbeddedBench;

namespace S3Overlay.Tests.Embedded.Lifecycle;

/// <summary>Which lifecycles the built-in store accepts, and with which error it refuses the others.</summary>
[Trait("Rule", "V6")]
public sealed class LifecycleDocumentTests : IAsyncLifetime
{
    private const string Days = "<Expiration><Days>1</Days></Expiration>";
    private const string Marker = "<Expiration><ExpiredObjectDeleteMarker>true</ExpiredObjectDeleteMarker></Expiration>";
    private const string Tag = "<Tag><Key>a</Key><Value>b</Value></Tag>";

    private EmbeddedBench _bench = null!;

    public async Task InitializeAsync() => _bench = await OpenAsync();

    public Task DisposeAsync() => _bench.DisposeAsync().AsTask();

    [Theory]
    [InlineData("<Prefix>a/</Prefix>", Days)]
    [InlineData("<Prefix/>", Days)]
    [InlineData("<Filter/>", Days)]
    [InlineData("<Filter><Prefix>a</Prefix></Filter>", "<Expiration><Date>2030-01-01T00:00:00.000Z</Date></Expiration>")]
    [InlineData("<Filter>" + Tag + "</Filter>", Days)]
    [InlineData("<Filter><ObjectSizeGreaterThan>0</ObjectSizeGreaterThan></Filter>", Days)]
    [InlineData("<Filter><And><Prefix>a&amp;</Prefix>" + Tag + "<ObjectSizeGreaterThan>5</ObjectSizeGreaterThan>"
        + "<ObjectSizeLessThan>9</ObjectSizeLessThan></And></Filter>", Days)]
    [InlineData("<Filter/>", Marker)]
    [InlineData("<Filter/>", "<NoncurrentVersionExpiration><NoncurrentDays>3</NoncurrentDays>"
        + "<NewerNoncurrentVersions>100</NewerNoncurrentVersions></NoncurrentVersionExpiration>")]
    [InlineData("<Filter/>",
        "<AbortIncompleteMultipartUpload><DaysAfterInitiation>7</DaysAfterInitiation></AbortIncompleteMultipartUpload>")]
    [InlineData("<Filter/>", "<Expiration><Days>2147483647</Days></Expiration>")]
    public async Task A_rule_reads_back_as_it_was_set(string filter, string action)
    {
        var rule = Rule(filter, action, "<ID>one</ID>").Replace("<Filter/>", "<Filter></Filter>", StringComparison.Ordinal)
            .Replace("<Prefix/>", "<Prefix></Prefix>", StringComparison.Ordinal);
        await PutAsync(rule);
        var got = Xml(await _bench.SendAsync(S3Operation.GetBucketConfiguration, "", null, "lifecycle"));
        var expected = Document(rule).Replace("<LifecycleConfiguration>",
            "<LifecycleConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">", StringComparison.Ordinal);
        Assert.Equal(System.Xml.Linq.XElement.Parse(expected).ToString(), got.ToString());
        await _bench.ReopenAsync();
        Assert.Equal(got.ToString(), Xml(await _bench.SendAsync(S3Operation.GetBucketConfiguration, "", null, "lifecycle")).ToString());
    }

    /// <summary>Terraform sends the header and waits until it reads it back.</summary>
    [Fact]
    public async Task The_smallest_object_of_transitions_is_kept_with_the_document()
    {
        const string Name = "x-amz-transition-default-minimum-object-size";
        async Task<string> GetAsync() =>
            (await _bench.SendAsync(S3Operation.GetBucketConfiguration, "", null, "lifecycle")).Headers[Name].ToString();
        Task<BufferedResponse> PutAsync(params (string, string)[] headers) => _bench.SendAsync(
            S3Operation.PutBucketConfiguration, "", TextBody(Document(Rule("<Filter/>", Days))), "lifecycle", headers);

        await PutAsync();
        Assert.Equal("all_storage_classes_128K", await GetAsync());
        Assert.Equal("varies_by_storage_class", (await PutAsync((Name, "varies_by_storage_class"))).Headers[Name]);
        await _bench.ReopenAsync();
        Assert.Equal("varies_by_storage_class", await GetAsync());
        Assert.Equal("InvalidArgument", (await Assert.ThrowsAsync<S3Exception>(() => PutAsync((Name, "other")))).Error.Code);
        await _bench.SendAsync(S3Operation.DeleteBucketConfiguration, "", null, "lifecycle");
        await PutAsync();
        Assert.Equal("all_storage_classes_128K", await GetAsync());
    }

    [Fact]
    public async Task A_rule_without_an_id_gets_one_that_stays()
    {
        await PutAsync(Rule("<Filter/>", Days) + Rule("<Filter/>", Days));
        var ids = await IdsAsync();
        Assert.Equal(2, ids.Distinct().Count(static id => id.Length > 0));
        Assert.Equal(ids, await IdsAsync());

        async Task<List<string>> IdsAsync() => [.. Xml(await _bench.SendAsync(S3Operation.GetBucketConfiguration, "", null, "lifecycle"))
            .Descendants().Where(static element => element.Name.LocalName == "ID").Select(static element => element.Value)];
    }

    [Theory]
    [InlineData("", Days, "MalformedXML")]
    [InlineData("<Prefix/><Filter/>", Days, "MalformedXML")]
    [InlineData("<Filter><Prefix>a</Prefix>" + Tag + "</Filter>", Days, "MalformedXML")]
    [InlineData("<Filter><And><Prefix>a</Prefix></And></Filter>", Days, "MalformedXML")]
    [InlineData("<Filter><And><Prefix>a</Prefix>" + Tag + "</And><Prefix>a</Prefix></Filter>", Days, "MalformedXML")]
    [InlineData("<Filter><And>" + Tag + Tag + "</And></Filter>", Days, "InvalidRequest")]
    [InlineData("<Filter><Owner>a</Owner></Filter>", Days, "MalformedXML")]
    [InlineData("<Filter><ObjectSizeLessThan>0</ObjectSizeLessThan></Filter>", Days, "InvalidArgument")]
    [InlineData("<Filter><ObjectSizeGreaterThan>x</ObjectSizeGreaterThan></Filter>", Days, "MalformedXML")]
    [InlineData("<Filter><And><ObjectSizeGreaterThan>9</ObjectSizeGreaterThan><ObjectSizeLessThan>9</ObjectSizeLessThan></And></Filter>",
        Days, "InvalidRequest")]
    [InlineData("<Filter/>", "", "InvalidRequest")]
    [InlineData("<Filter/>", "<Expiration/>", "MalformedXML")]
    [InlineData("<Filter/>", "<Expiration><Days>0</Days></Expiration>", "InvalidArgument")]
    [InlineData("<Filter/>", "<Expiration><Days>-1</Days></Expiration>", "InvalidArgument")]
    [InlineData("<Filter/>", "<Expiration><Days>1.5</Days></Expiration>", "MalformedXML")]
    [InlineData("<Filter/>", "<Expiration><Days>2147483648</Days></Expiration>", "InvalidArgument")]
    [InlineData("<Filter/>", "<Expiration><Days>1</Days><Date>2030-01-01T00:00:00Z</Date></Expiration>", "MalformedXML")]
    [InlineData("<Filter/>", "<Expiration><Date>2030-01-01T10:00:00Z</Date></Expiration>", "InvalidArgument")]
    [InlineData("<Filter/>", "<Expiration><Date>20300101</Date></Expiration>", "MalformedXML")]
    [InlineData("<Filter/>", Days + Days, "MalformedXML")]
    [InlineData("<Filter>" + Tag + "</Filter>", Marker, "InvalidRequest")]
    [InlineData("<Filter>" + Tag + "</Filter>",
        "<AbortIncompleteMultipartUpload><DaysAfterInitiation>1</DaysAfterInitiation></AbortIncompleteMultipartUpload>", "InvalidRequest")]
    [InlineData("<Filter/>", "<NoncurrentVersionExpiration/>", "MalformedXML")]
    [InlineData("<Filter/>", "<NoncurrentVersionExpiration><NoncurrentDays>0</NoncurrentDays></NoncurrentVersionExpiration>",
        "InvalidArgument")]
    [InlineData("<Filter/>", "<NoncurrentVersionExpiration><NoncurrentDays>1</NoncurrentDays>"
        + "<NewerNoncurrentVersions>101</NewerNoncurrentVersions></NoncurrentVersionExpiration>", "InvalidArgument")]
    [InlineData("<Filter/>", "<Transition><Days>1</Days><StorageClass>GLACIER</StorageClass></Transition>", "NotImplemented")]
    [InlineData("<Filter/>", "<Transition><Date>2030-01-01T10:00:00Z</Date><StorageClass>GLACIER</StorageClass></Transition>",
        "InvalidArgument")]
    [InlineData("<Filter/>", "<Unknown/>" + Days, "MalformedXML")]
    public async Task A_wrong_rule_is_refused(string filter, string action, string error) =>
        await RefusedAsync(error, Rule(filter, action));

    [Fact]
    public async Task Wrong_documents_are_refused()
    {
        await RefusedAsync("MalformedXML", "");
        await RefusedAsync("MalformedXML", "<Other/>");
        await RefusedAsync("InvalidArgument", Rule("<Filter/>", Days, "<ID>same</ID>") + Rule("<Filter/>", Days, "<ID>same</ID>"));
        await RefusedAsync("InvalidArgument", Rule("<Filter/>", Days, $"<ID>{new string('a', 256)}</ID>"));
        await RefusedAsync("InvalidRequest", Rule($"<Prefix>{new string('a', 1025)}</Prefix>", Days));
        await RefusedAsync("InvalidRequest", Rule("<Filter/>", Days) + Rule("<Prefix/>", Days));
        await RefusedAsync("MalformedXML", Rule("<Filter/>", Days).Replace("Enabled", "enabled", StringComparison.Ordinal));
        await RefusedAsync("MalformedXML", string.Concat(Enumerable.Repeat(Rule("<Filter/>", Days), 1001)));
        Assert.Equal("MissingRequestBodyError", await _bench.FailAsync(S3Operation.PutBucketConfiguration, "", null, "lifecycle"));
    }

    [Fact]
    public async Task A_deleted_lifecycle_is_gone()
    {
        await PutAsync(Rule("<Filter/>", Days));
        await _bench.SendAsync(S3Operation.DeleteBucketConfiguration, "", null, "lifecycle");
        Assert.Equal("NoSuchLifecycleConfiguration", await _bench.FailAsync(S3Operation.GetBucketConfiguration, "", null, "lifecycle"));
        await _bench.SendAsync(S3Operation.DeleteBucketConfiguration, "", null, "lifecycle");
    }

    private static string Rule(string filter, string action, string id = "") =>
        $"<Rule>{id}{filter}<Status>Enabled</Status>{action}</Rule>";

    private static string Document(string rules) => $"<LifecycleConfiguration>{rules}</LifecycleConfiguration>";

    private Task PutAsync(string rules) =>
        _bench.SendAsync(S3Operation.PutBucketConfiguration, "", TextBody(Document(rules)), "lifecycle");

    private async Task RefusedAsync(string error, string rules)
    {
        Assert.Equal(error, await _bench.FailAsync(S3Operation.PutBucketConfiguration, "", TextBody(Document(rules)), "lifecycle"));
        Assert.Equal("NoSuchLifecycleConfiguration", await _bench.FailAsync(S3Operation.GetBucketConfiguration, "", null, "lifecycle"));
    }
}
