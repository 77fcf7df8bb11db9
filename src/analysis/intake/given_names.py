"""Given names common in the United States, Britain, Germany, France and Spain, without accents.

They mark a text of two or three words as a person's name. Left out is what is as often a word, a
place, a month or a hospital: May, Grant, Mark, Rose, Austin, Charlotte, Victoria, Florence, Max.
"""

from __future__ import annotations

_GIVEN = """
    aaron abigail adam adriana adrian agnes ahmed aidan aisha alan albert alberto alejandra
    alejandro alexander alexandra alexandre alfred alfredo ali alice alicia alison allison
    alvaro amanda amelia amelie amina amy ana andre andrea andreas andres andrew andrzej angela
    angelika anita anja anke ann anna anne annette annika anthony antje antoine anton antonia
    antonio arthur astrid aurelie barbara beatrice beatriz benedikt benjamin bernard bernd
    bernhard bernardo bettina betty beverly birgit bjorn brandon brenda brian brigitte britta
    bruno bryan camille carla carlos carmen caroline catherine cecile cecilia celine chantal
    charles cheryl chloe chris christel christiane christina christine christoph christophe
    christopher claire clara claudia claudio clemens colin concepcion consuelo cornelia corinna
    corinne cristina cynthia dagmar daniel daniela danielle david deborah debra denise dennis
    derek detlef diana diane didier diego dieter dietmar dirk dominik dominique donald donna
    dorothea dorothee dorothy douglas eberhard eduardo edward eileen elaine elena elisabeth
    elizabeth elke ellen elodie emilie emily emma emmanuel enrique eric erica erika ernst
    esteban esther ethan eugen eva evelyn fabian fatima federico felix fernanda fernando
    francesca francesco francis francisco franck francois francoise frederic friedrich fritz
    gabriel gabriela gabriele gareth gary geoffrey georg george georges gerald gerard gerd
    gerhard gertrud giovanni gisela giulia gloria gonzalo gregory guillaume guillermo gunter
    gunther gustavo hannah hannelore hans harald harry hartmut heather heidi heike heiko heiner
    heinrich heinz helen helena helene helga helmut henri henrik henry herbert hermann hildegard
    holger horst hubert hugo hugh ian ibrahim ignacio ingeborg ingo ingrid irene irina isaac
    isabel isabella isabelle ivan jacob jacqueline jacques jaime jakob james jamie jan jana jane
    janet janice janina jason javier jean jeanne jeffrey jennifer jens jeremy jerome jesus
    jessica jill joachim joan joanna joanne joao jochen joel johann johanna johannes john jonas
    jonathan jordi jorg jorge jose josef josefa joseph joshua juan juana judith julia julian
    juliane julie julien julio jurgen justin kai karen karin karl karla katarzyna katharina
    katherine kathleen kathrin kathryn katja katrin keith kelly kenneth kerstin kevin khalid
    kimberly klaus konrad kristin krzysztof kurt kyle larry lars laura laurent lauren lawrence
    lea leah lena leon leonard leonie liam linda lisa lorena lothar louise luca lucas lucia
    lucie ludwig luis luisa lukas lutz maike malcolm manfred manuel manuela marc marcel marcela
    marco marcus margaret margarita margarete margit maria marianne marie marina mario marion
    markus marlies marta martha martin martina martine mary mateo mathias mathilde matthew
    matthias maureen mechthild megan melanie melissa mercedes michael michaela michel michele
    michelle miguel mikael mohamed mohammed monica monika monique montserrat muhammad nadia
    nadine nancy natalia natalie nathalie nathan nicholas nicola nicolas nicole nigel nikolaus
    nina nora norbert olaf oliver olivia olivier oscar oskar pablo pamela pascal patricia
    patrick patricio paul paula pauline pedro peter petra philip philipp philippe phillip pierre
    pilar rachel rafael rainer ralf ralph ramon raquel raul raymond rebecca reinhard renate rene
    ricardo richard rita robert roberto rodrigo roger roland rolf romain ronald rosa rosario
    rosemarie roy rudiger rudolf ruben russell ruth ryan sabine salvador samantha samuel sandra
    sara sarah sascha scott sean sebastian sergio sharon sheila sibylle siegfried sigrid silke
    silvia simon simone sofia sonia sonja sophia sophie stefan stefanie stephan stephane
    stephanie stephen steven stewart stuart susan susana susanne suzanne svenja sylvia sylvie
    tamara tania tanja teresa terry theodor theresa thierry thomas thorsten tiffany tim timothy
    tina tobias todd tomas torsten tracy trevor udo ulrich ulrike ursula ute valentina valerie
    vanessa vera verena veronica veronika veronique vincent volker waltraud walter wendy werner
    wilhelm william wolfgang xavier yannick yolanda yves yvonne zachary zoe
    """

_SUR = """
    adams allen anderson bailey baker bauer becker bell bennett bernard brooks brown bryant butler
    campbell carter castillo clark collins cooper cox cruz davies davis delgado diaz dubois dupont
    durand edwards evans fernandez fischer flores foster garcia gomez gonzalez gray green griffin
    gutierrez hall harris hernandez hill hoffmann howard hughes jackson james jenkins jimenez
    johnson jones keller kelly king klein koch kruger lambert lee leroy lewis long lopez martin
    martinez meier mendoza meyer miller mitchell moore morales moreau moreno morgan morris muller
    murphy myers nelson neumann nguyen ortiz parker patel perez perry peterson petit phillips
    powell price ramirez ramos reed reyes reynolds richter rivera roberts robinson rodriguez rogers
    romero ross roux ruiz russell sanchez sanders schmidt schmitt schneider schroder schulz schwarz
    scott simmons simon smith stewart sullivan taylor thomas thompson torres turner vargas vazquez
    walker ward watson weber west white williams wilson wolf wood wright young zimmermann
    """

GIVEN_NAMES, SURNAMES = frozenset(_GIVEN.split()), frozenset(_SUR.split())
"""A name in small letters is taken for one only if its last word is a common
surname."""
