namespace S3Overlay.Tests.Protocol.Access;

/// <summary>
/// Statements, and requests with the expected decision: <c>+</c> allows, <c>-</c> denies, <c>.</c> says nothing. A request is a caller, an
/// action, a resource, and values of condition keys (<c>tags</c> are <c>s3:RequestObjectTagKeys</c>). Callers are <c>main</c>,
/// <c>alt</c> and <c>anon</c>.
/// </summary>
internal static partial class PolicyTable
{
    /// <summary>All statements with their requests.</summary>
    public static IEnumerable<(string Statement, string Request)> Pairs =>
        Principals.Concat(Actions).Concat(Resources).Concat(Strings).Concat(OtherConditions).Concat(Sets)
            .SelectMany(static each => each.Requests.Select(request => (each.Statement, request)));

    private static (string Statement, string[] Requests) Of(string statement, params string[] requests) => (statement, requests);

    private static string With(string principal) =>
        $$"""{"Effect":"Allow",{{principal}},"Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*"}""";

    private static string WithAction(string action, string effect = "Allow") =>
        $$"""{"Effect":"{{effect}}","Principal":"*",{{action}},"Resource":["arn:aws:s3:::b","arn:aws:s3:::b/*"]}""";

    private static string WithResource(string resource) =>
        $$"""{"Effect":"Allow","Principal":"*","Action":"s3:*",{{resource}}}""";

    private static string If(string condition, string effect = "Allow") =>
        $$"""{"Effect":"{{effect}}","Principal":"*","Action":"s3:*","Resource":"arn:aws:s3:::b/*","Condition":{ {{condition}} } }""";

    private static (string Statement, string[] Requests)[] Principals =>
    [
        Of(With("\"Principal\":\"*\""), "anon s3:GetObject b/k +", "alt s3:GetObject b/k +", "main s3:GetObject b/k +",
            "anon s3:PutObject b/k .", "anon s3:GetObject b .", "anon s3:GetObject c/k ."),
        Of(With("\"Principal\":{\"AWS\":\"*\"}"), "anon s3:GetObject b/k +", "alt s3:GetObject b/k +"),
        Of(With("\"Principal\":{\"AWS\":\"arn:aws:iam::alt-id:root\"}"), "alt s3:GetObject b/k +", "main s3:GetObject b/k .",
            "anon s3:GetObject b/k ."),
        Of(With("\"Principal\":{\"AWS\":[\"arn:aws:iam::x:root\",\"arn:aws:iam::alt-id:user/ALT\"]}"), "alt s3:GetObject b/k +",
            "main s3:GetObject b/k .", "anon s3:GetObject b/k ."),
        Of(With("\"Principal\":{\"AWS\":\"arn:aws:iam::alt-id:user/team/Alt\"}"), "alt s3:GetObject b/k +", "main s3:GetObject b/k ."),
        Of(With("\"Principal\":{\"AWS\":\"arn:aws:iam::alt-id:user/other\"}"), "alt s3:GetObject b/k .", "anon s3:GetObject b/k ."),
        Of(With("\"Principal\":{\"AWS\":\"arn:aws:iam::other:user/ALT\"}"), "alt s3:GetObject b/k ."),
        Of(With("\"Principal\":{\"AWS\":\"arn:aws:iam:::user/ALT\"}"), "alt s3:GetObject b/k +", "main s3:GetObject b/k ."),
        Of(With("\"Principal\":{\"AWS\":\"arn:aws:iam::alt-id:role/ALT\"}"), "alt s3:GetObject b/k ."),
        Of(With("\"Principal\":{\"AWS\":\"alt-id\"}"), "alt s3:GetObject b/k +", "main s3:GetObject b/k ."),
        Of(With("\"Principal\":{\"AWS\":\"123456789012\"}"), "main s3:GetObject b/k +", "alt s3:GetObject b/k ."),
        Of(With("\"Principal\":{\"AWS\":\"arn:aws:iam::123456789012:root\"}"), "main s3:GetObject b/k +", "alt s3:GetObject b/k ."),
        Of(With("\"Principal\":{\"CanonicalUser\":\"alt-id\"}"), "alt s3:GetObject b/k +", "main s3:GetObject b/k .",
            "anon s3:GetObject b/k ."),
        Of(With("\"Principal\":{\"Service\":\"logging.s3.amazonaws.com\"}"), "alt s3:GetObject b/k .", "anon s3:GetObject b/k ."),
        Of("""{"Effect":"Deny","NotPrincipal":{"AWS":"arn:aws:iam::alt-id:root"},"Action":"s3:*","Resource":"arn:aws:s3:::b/*"}""",
            "alt s3:GetObject b/k .", "main s3:GetObject b/k -", "anon s3:GetObject b/k -", "main s3:GetObject b ."),
    ];

    private static (string Statement, string[] Requests)[] Actions =>
    [
        Of(WithAction("\"Action\":\"s3:ListBucket\""), "alt s3:ListBucket b +", "alt s3:ListBucketVersions b .", "alt s3:GetObject b/k .",
            "alt s3:listbucket b +"),
        Of(WithAction("\"Action\":\"S3:LISTBUCKET\""), "alt s3:ListBucket b +"),
        Of(WithAction("\"Action\":[\"s3:GetObject\",\"s3:PutObject\"]"), "alt s3:GetObject b/k +", "alt s3:PutObject b/k +",
            "alt s3:DeleteObject b/k .", "alt s3:GetObjectVersion b/k ."),
        Of(WithAction("\"Action\":\"s3:Get*\""), "alt s3:GetObject b/k +", "alt s3:GetObjectTagging b/k +", "alt s3:GetBucketPolicy b +",
            "alt s3:PutObject b/k .", "alt s3:ListBucket b ."),
        Of(WithAction("\"Action\":\"s3:?etObject\""), "alt s3:GetObject b/k +", "alt s3:GetObjectAcl b/k ."),
        Of(WithAction("\"Action\":\"s3:*Object*\""), "alt s3:GetObject b/k +", "alt s3:PutObjectAcl b/k +", "alt s3:ListBucket b ."),
        Of(WithAction("\"Action\":\"*\""), "alt s3:GetObject b/k +", "anon s3:DeleteBucket b +", "alt s3:PutBucketPolicy b +"),
        Of(WithAction("\"Action\":\"s3:*\"", "Deny"), "main s3:GetObject b/k -", "main s3:PutBucketPolicy b -", "main s3:GetObject c/k ."),
        Of(WithAction("\"NotAction\":\"s3:GetObject\""), "alt s3:GetObject b/k .", "alt s3:PutObject b/k +", "alt s3:ListBucket b +"),
        Of(WithAction("\"NotAction\":[\"s3:Get*\",\"s3:List*\"]", "Deny"), "main s3:GetObject b/k .", "main s3:ListBucket b .",
            "main s3:PutObject b/k -", "anon s3:DeleteObject b/k -"),
        Of(WithAction("\"Action\":\"s3:DeleteObject\"", "Deny"), "main s3:DeleteObject b/k -", "main s3:DeleteObjectVersion b/k .",
            "main s3:PutObject b/k ."),
    ];

    private static (string Statement, string[] Requests)[] Resources =>
    [
        Of(WithResource("\"Resource\":\"arn:aws:s3:::b\""), "alt s3:ListBucket b +", "alt s3:GetObject b/k .", "alt s3:ListBucket bb ."),
        Of(WithResource("\"Resource\":\"arn:aws:s3:::b/*\""), "alt s3:GetObject b/k +", "alt s3:GetObject b/a/b/c +",
            "alt s3:ListBucket b .", "alt s3:GetObject bb/k ."),
        Of(WithResource("\"Resource\":\"arn:aws:s3:::b/public/*\""), "alt s3:GetObject b/public/k +", "alt s3:GetObject b/public/ +",
            "alt s3:GetObject b/public .", "alt s3:GetObject b/private/k .", "alt s3:GetObject b/Public/k ."),
        Of(WithResource("\"Resource\":\"arn:aws:s3:::b/*.jpg\""), "alt s3:GetObject b/k.jpg +", "alt s3:GetObject b/a/k.jpg +",
            "alt s3:GetObject b/k.jpg.txt .", "alt s3:GetObject b/.jpg +"),
        Of(WithResource("\"Resource\":\"arn:aws:s3:::b/a?c\""), "alt s3:GetObject b/abc +", "alt s3:GetObject b/a/c +",
            "alt s3:GetObject b/ac .", "alt s3:GetObject b/abbc ."),
        Of(WithResource("\"Resource\":\"arn:aws:s3:::*\""), "alt s3:ListBucket b +", "alt s3:GetObject b/k +"),
        Of(WithResource("\"Resource\":\"arn:aws:s3:::*/*\""), "alt s3:ListBucket b .", "alt s3:GetObject b/k +"),
        Of(WithResource("\"Resource\":\"*\""), "alt s3:ListBucket b +", "alt s3:GetObject b/k +"),
        Of(WithResource("\"Resource\":[\"arn:aws:s3:::b/a\",\"arn:aws:s3:::b/b\"]"), "alt s3:GetObject b/a +", "alt s3:GetObject b/b +",
            "alt s3:GetObject b/c ."),
        Of(WithResource("\"NotResource\":\"arn:aws:s3:::b/private/*\""), "alt s3:GetObject b/private/k .", "alt s3:GetObject b/k +",
            "alt s3:ListBucket b +"),
        Of(WithResource("\"Resource\":\"arn:aws:s3:::b/home/${aws:username}/*\""), "alt s3:GetObject b/home/ALT/k +",
            "main s3:GetObject b/home/ALT/k .", "anon s3:GetObject b/home//k .", "alt s3:GetObject b/home/*/k ."),
        Of(WithResource("\"Resource\":\"arn:aws:s3:::b/${*}/${?}\""), "alt s3:GetObject b/*/? +", "alt s3:GetObject b/x/y ."),
        Of(WithResource("\"Resource\":\"arn:aws-cn:s3:::b/k\""), "alt s3:GetObject b/k +"),
        Of(WithResource("\"Resource\":\"arn:aws:s3:::b/a*b*c\""), "alt s3:GetObject b/abc +", "alt s3:GetObject b/aXbYbZc +",
            "alt s3:GetObject b/aXbY .", "alt s3:GetObject b/acb ."),
    ];
}
