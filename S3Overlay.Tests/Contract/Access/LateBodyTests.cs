using System.Text;

using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Bodies;
using S3Overlay.Tests.Support;

using static S3Overlay.Tests.Support.EmbeddedBench;

namespace S3Overlay.Tests.Contract.Access;

/// <summary>
/// What a request was judged on changes while its body arrives: nothing is set on the object or bucket that is there now.
/// </summary>
[Trait("Rule", "A3")]
public sealed class LateBodyTests
{
    private const string Tags = "<Tagging><TagSet><Tag><Key>class</Key><Value>public</Value></Tag></TagSet></Tagging>";

    [Fact]
    public async Task Tags_and_an_acl_are_not_set_on_an_object_that_was_written_meanwhile()
    {
        await using var bench = await OpenAsync();
        await bench.SendAsync(S3Operation.PutBucketConfiguration, "", TextBody(
            "<OwnershipControls><Rule><ObjectOwnership>ObjectWriter</ObjectOwnership></Rule></OwnershipControls>"), "ownershipControls");
        await bench.PutAsync("k", [1]);
        var acl = Encoding.UTF8.GetString((await bench.SendAsync(S3Operation.GetObjectAcl, "k", null, "acl")).Content.Span);
        foreach (var (operation, text, query) in ((S3Operation, string, string)[])
            [(S3Operation.PutObjectTagging, Tags, "tagging"), (S3Operation.PutObjectAcl, acl, "acl")])
        {
            Assert.Equal("ConditionalRequestConflict",
                await bench.FailAsync(operation, "k", new LateBody(text, () => bench.PutAsync("k", [2])), query));
            await bench.SendAsync(operation, "k", new LateBody(text, () => Task.CompletedTask), query);
        }
    }

    [Fact]
    public async Task A_policy_is_not_set_on_a_bucket_that_was_made_meanwhile()
    {
        await using var bench = await OpenAsync();
        const string Policy =
            """{"Statement":{"Effect":"Allow","Principal":{"AWS":"one"},"Action":"s3:*","Resource":"arn:aws:s3:::bucket/*"}}""";
        var body = new LateBody(Policy, async () =>
        {
            await bench.SendAsync(S3Operation.DeleteBucket, "");
            bench.Time.Advance(TimeSpan.FromSeconds(1));
            await bench.SendAsync(S3Operation.CreateBucket, "");
        });
        Assert.Equal("OperationAborted",
            await bench.FailAsync(S3Operation.PutBucketConfiguration, "", body, "policy"));
        Assert.Equal("NoSuchBucketPolicy", await bench.FailAsync(S3Operation.GetBucketConfiguration, "", null, "policy"));
    }

    /// <summary>Terraform sets ten configurations of a bucket at once, and tries again after OperationAborted only.</summary>
    [Fact]
    public async Task Configurations_that_are_set_at_once_do_not_meet_unless_one_depends_on_the_other()
    {
        await using var bench = await OpenAsync();
        Task SetAsync(string query, string text, Func<Task>? before = null) => bench.SendAsync(
            S3Operation.PutBucketConfiguration, "", new LateBody(text, before ?? (static () => Task.CompletedTask)), query);

        const string Block =
            "<PublicAccessBlockConfiguration><BlockPublicPolicy>false</BlockPublicPolicy></PublicAccessBlockConfiguration>";
        const string Public =
            """{"Statement":{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::bucket/*"}}""";
        await SetAsync("tagging", Tags, () => SetAsync("ownershipControls",
            "<OwnershipControls><Rule><ObjectOwnership>ObjectWriter</ObjectOwnership></Rule></OwnershipControls>",
            () => SetAsync("publicAccessBlock", Block)));
        Assert.Equal("OperationAborted", (await Assert.ThrowsAsync<S3Exception>(() => SetAsync("policy", Public,
            () => SetAsync("publicAccessBlock", Block.Replace("false", "true", StringComparison.Ordinal))))).Error.Code);
        Assert.Equal("NoSuchBucketPolicy", await bench.FailAsync(S3Operation.GetBucketConfiguration, "", null, "policy"));
    }

    /// <summary>A body before whose first byte something happens.</summary>
    private sealed class LateBody(string text, Func<Task> before) : S3Body
    {
        private readonly byte[] _bytes = Encoding.UTF8.GetBytes(text);
        private int _next;

        public override long? Length => _bytes.Length;

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
        {
            await (_next == 0 ? before() : Task.CompletedTask);
            var count = Math.Min(buffer.Length, _bytes.Length - _next);
            _bytes.AsSpan(_next, count).CopyTo(buffer.Span);
            _next += count;
            return count;
        }
    }
}
