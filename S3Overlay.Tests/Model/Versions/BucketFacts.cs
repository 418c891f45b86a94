using System.Xml.Linq;

using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Model.Versions;

/// <summary>The configuration of a bucket, as lines of text.</summary>
internal static class BucketFacts
{
    private static readonly string[] SubResources = ["versioning", "object-lock", "lifecycle", "policy", "publicAccessBlock", "acl",
        "ownershipControls"];

    /// <summary>What the proxy shows.</summary>
    public static async Task<List<string>> ReadAsync(VersionScene scene, string bucket)
    {
        var facts = new List<string>();
        foreach (var name in SubResources)
        {
            var response = await scene.SendAsync(ModelCaller.Owner, "GET", bucket, null, name);
            Expect.Status(response, 200, 404);
            var text = response.Status == 404 ? "" : name == "policy" ? response.Text : name == "acl" ? AclOf(response)
                : Leaves(response.Text);
            facts.Add($"{name}: {text}");
        }

        return facts;
    }

    /// <summary>What the model says.</summary>
    public static List<string> Of(VersionedBucket bucket)
    {
        var access = bucket.Access;
        return
        [
            "versioning: " + (bucket.Versioning == ModelVersioning.Never ? "" : $"Status {bucket.Versioning}"),
            "object-lock: " + (bucket.IsLocking ? Leaves(LockXml(bucket.DefaultRetention)) : ""),
            "lifecycle: " + (bucket.Lifecycle.Rules.IsEmpty ? "" : Leaves(LifecycleXml(bucket.Lifecycle))),
            "policy: " + (access.Policy == ModelPolicy.None ? "" : PolicyText(bucket.Name, access.Policy)),
            "publicAccessBlock: " + (access.IsBlocked ? "BlockPublicAcls true, IgnorePublicAcls true, BlockPublicPolicy true, "
                + "RestrictPublicBuckets true" : ""),
            "acl: " + (access.HasAcls ? access.Acl : ModelAcl.Private),
            "ownershipControls: ObjectOwnership " + (access.HasAcls ? "ObjectWriter" : "BucketOwnerEnforced"),
        ];
    }

    public static string LockXml((string Mode, int Days)? retention) =>
        "<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled>" + (retention is var (mode, days)
            ? $"<Rule><DefaultRetention><Mode>{mode}</Mode><Days>{days}</Days></DefaultRetention></Rule>" : "")
        + "</ObjectLockConfiguration>";

    public static string LifecycleXml(ModelLifecycle lifecycle) =>
        $"<LifecycleConfiguration>{string.Concat(lifecycle.Rules.Select(static (rule, i) => rule.Xml(i)))}</LifecycleConfiguration>";

    public static string PolicyText(string bucket, ModelPolicy policy)
    {
        string Statement(string effect, string principal, string actions) =>
            $"{{\"Effect\":\"{effect}\",\"Principal\":{principal},\"Action\":[{actions}],"
            + $"\"Resource\":[\"arn:aws:s3:::{bucket}\",\"arn:aws:s3:::{bucket}/*\"]}}";
        const string Other = """{"AWS":"arn:aws:iam::alt-id:root"}""";
        const string Read = "\"s3:GetObject\"";
        string[] statements = policy switch
        {
            ModelPolicy.PublicRead => [Statement("Allow", "\"*\"", Read)],
            ModelPolicy.PublicReadButOther => [Statement("Allow", "\"*\"", Read), Statement("Deny", Other, "\"s3:GetObject*\"")],
            ModelPolicy.OtherReads => [Statement("Allow", Other, Read + ",\"s3:GetObjectVersion\",\"s3:ListBucket*\"")],
            _ => [Statement("Deny", "\"*\"", "\"s3:DeleteObjectVersion\"")],
        };
        return $"{{\"Version\":\"2012-10-17\",\"Statement\":[{string.Join(',', statements)}]}}";
    }

    private static string AclOf(RawResponse acl) => (acl.Text.Contains("AllUsers", StringComparison.Ordinal) ? ModelAcl.PublicRead
        : acl.Text.Contains("<ID>alt-id</ID>", StringComparison.Ordinal) ? ModelAcl.OtherReads : ModelAcl.Private).ToString();

    /// <summary>The elements without children, and their texts.</summary>
    private static string Leaves(string xml) => string.Join(", ", XElement.Parse(xml).DescendantsAndSelf()
        .Where(static element => !element.HasElements && element.Value.Length > 0)
        .Select(static element => $"{element.Name.LocalName} {element.Value}"));
}
