using S3Overlay.Tests.Support;
using S3Overlay.Tests.Support.Skipping;

namespace S3Overlay.Tests.Contract.Forms;

/// <summary>See <see cref="PostUploadTests{TFixture}"/>: over HTTP/1.1.</summary>
public sealed class PostUploadTests(LocalOnlyFixture fixture) : PostUploadTests<LocalOnlyFixture>(fixture);

/// <summary>See <see cref="PostUploadTests{TFixture}"/>: over HTTP/2 and TLS.</summary>
[FullRun("the same tests run over plain HTTP")]
public sealed class PostUploadTestsOverTls(SecureFixture fixture) : PostUploadTests<SecureFixture>(fixture);

/// <summary>See <see cref="PostPolicyTests{TFixture}"/>: over HTTP/1.1.</summary>
public sealed class PostPolicyTests(LocalOnlyFixture fixture) : PostPolicyTests<LocalOnlyFixture>(fixture);

/// <summary>See <see cref="PostPolicyTests{TFixture}"/>: over HTTP/2 and TLS.</summary>
[FullRun("the same tests run over plain HTTP")]
public sealed class PostPolicyTestsOverTls(SecureFixture fixture) : PostPolicyTests<SecureFixture>(fixture);

/// <summary>See <see cref="BadFormTests{TFixture}"/>: over HTTP/1.1.</summary>
public sealed class BadFormTests(LocalOnlyFixture fixture) : BadFormTests<LocalOnlyFixture>(fixture);

/// <summary>See <see cref="BadFormTests{TFixture}"/>: over HTTP/2 and TLS.</summary>
[FullRun("the same tests run over plain HTTP")]
public sealed class BadFormTestsOverTls(SecureFixture fixture) : BadFormTests<SecureFixture>(fixture);
