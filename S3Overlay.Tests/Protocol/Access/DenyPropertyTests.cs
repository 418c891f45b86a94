using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Access;

namespace S3Overlay.Tests.Protocol.Access;

/// <summary>Whatever else allows a request, a statement that denies it wins.</summary>
[Trait("Rule", "A2")]
public sealed class DenyPropertyTests
{
    private static readonly Account[] Accounts = [Account.Default, new("a", "A"), new("b", "B")];
    private static readonly string[] Keys = ["k", "a/k", "a/b.jpg", "*", "?"];

    private static readonly S3Operation[] Operations =
    [
        S3Operation.GetObject, S3Operation.HeadObject, S3Operation.PutObject, S3Operation.DeleteObject, S3Operation.GetObjectAcl,
        S3Operation.PutObjectAcl, S3Operation.ListObjectsV2, S3Operation.ListObjectVersions, S3Operation.HeadBucket,
        S3Operation.CreateMultipartUpload, S3Operation.GetObjectTagging, S3Operation.DeleteBucket, S3Operation.GetObjectAttributes,
    ];

    [Fact]
    public void A_deny_never_loses()
    {
        var random = new Random(20240117);
        var (denied, allowedBefore) = (0, 0);
        for (var i = 0; i < 20_000; i++)
        {
            var facts = RandomFacts(random);
            var action = PolicyActions.Of(facts.Operation, null, facts.HasVersion)!;
            var before = AccessEvaluator.Judge(facts);
            var deny = $$"""{"Effect":"Deny",{{AnyPrincipal(random, facts)}},"Action":"{{Widen(random, action)}}","Resource":"*"}""";
            var statements = Statements(random).Insert(0, deny);
            var policy = Read(random.Next(2) == 0 ? statements : statements.Reverse());
            Assert.Equal(AccessDecision.Denied, AccessEvaluator.Judge(facts with { Access = facts.Access with { Policy = policy } }));
            denied++;
            allowedBefore += before == AccessDecision.Denied ? 0 : 1;
        }

        // The property says nothing if everything was refused anyway.
        Assert.True(allowedBefore > denied / 10, $"{allowedBefore} of {denied} were allowed before.");
    }

    [Fact]
    public void A_statement_that_allows_never_takes_anything_away()
    {
        var random = new Random(7);
        for (var i = 0; i < 20_000; i++)
        {
            var facts = RandomFacts(random);
            facts = facts with { Access = facts.Access with { Block = PublicAccessBlock.None } };
            var before = AccessEvaluator.Judge(facts);
            var texts = facts.Access.Policy is { } policy ? policy.Text[1..^1].Split(",\n", StringSplitOptions.RemoveEmptyEntries) : [];
            var more = Read([.. texts, """{"Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"*"}"""]);
            var after = AccessEvaluator.Judge(facts with { Access = facts.Access with { Policy = more } });
            Assert.True(before == after || before == AccessDecision.Denied);
        }
    }

    private static AccessFacts RandomFacts(Random random)
    {
        var owner = random.Next(3) == 0 ? null : Accounts[random.Next(3)].Id;
        var caller = random.Next(4) == 0 ? AccessCaller.Anonymous : new AccessCaller(Accounts[random.Next(3)], "KEY");
        var operation = Operations[random.Next(Operations.Length)];
        var isOfBucket = operation is S3Operation.ListObjectsV2 or S3Operation.ListObjectVersions or S3Operation.HeadBucket
            or S3Operation.DeleteBucket;
        return new()
        {
            Operation = operation,
            HasVersion = random.Next(4) == 0,
            Bucket = "b",
            Key = isOfBucket ? "" : Keys[random.Next(Keys.Length)],
            Caller = caller,
            HasRight = random.Next(2) == 0 && caller.Account is not null,
            IsOpenBySettings = random.Next(8) == 0,
            Object = random.Next(4) == 0 ? null : new(random.Next(2) == 0 ? null : Accounts[random.Next(3)].Id, RandomAcl(random)),
            MoreActions = random.Next(4) == 0 ? ["s3:PutObjectTagging"] : [],
            Access = new()
            {
                OwnerId = owner,
                Acl = RandomAcl(random),
                Ownership = (ObjectOwnership)random.Next(3),
                Block = random.Next(2) == 0 ? PublicAccessBlock.None : PublicAccessBlock.All,
                Policy = random.Next(3) == 0 ? null : Read(Statements(random)),
            },
        };
    }

    private static AccessControlList? RandomAcl(Random random) => random.Next(3) == 0 ? null : new(
    [
        .. Enumerable.Range(0, random.Next(3)).Select(_ => new Grant(
            random.Next(3) switch
            {
                0 => Grantee.AllUsers,
                1 => Grantee.AuthenticatedUsers,
                _ => Grantee.OfAccount(Accounts[random.Next(3)].Id),
            }, (AclPermission)random.Next(5))),
    ]);

    private static System.Collections.Immutable.ImmutableList<string> Statements(Random random) =>
    [
        .. Enumerable.Range(0, random.Next(3)).Select(_ =>
            "{\"Effect\":\"Allow\",\"Principal\":" + (random.Next(2) == 0 ? "\"*\"" : "{\"AWS\":\"arn:aws:iam::a:root\"}")
            + $",\"Action\":\"s3:{(random.Next(2) == 0 ? "" : "Get")}*\",\"Resource\":[\"arn:aws:s3:::b\",\"arn:aws:s3:::b/a*\"]}}"),
    ];

    private static BucketPolicy Read(IEnumerable<string> statements)
    {
        var text = "[" + string.Join(",\n", statements) + "]";
        return text == "[]" ? new(text, [])
            : PolicyReader.Read($$"""{"Version":"2012-10-17","Statement": {{text}} }""", "b") with { Text = text };
    }

    private static string AnyPrincipal(Random random, AccessFacts facts) => facts.Caller.Account is { } account && random.Next(2) == 0
        ? $"\"Principal\":{{\"AWS\":\"arn:aws:iam::{account.Id}:{(random.Next(2) == 0 ? "root" : "user/KEY")}\"}}"
        : random.Next(3) == 0 ? "\"NotPrincipal\":{\"AWS\":\"somebody\"}" : "\"Principal\":\"*\"";

    private static string Widen(Random random, string action) => random.Next(3) switch
    {
        0 => action,
        1 => action[..^1] + "*",
        _ => "*",
    };
}
