"""Given names common in the United States and Europe, some of Asia's, without accents.

They mark a text of two or three words as a person's name. Left out is what is as often a word, a
place, a month or a hospital: May, Grant, Mark, Rose, Austin, Charlotte, Victoria, Florence, Max.
"""

from __future__ import annotations

_GIVEN = """
    aaron abigail adam adrian adriana agnes agnieszka ahmed aidan aisha akira alan albert
    alberto alejandra alejandro alexander alexandra alexandre alexei alfred alfredo ali
    alice alicia alison allison alvaro amanda amelia amelie amina amit amy ana andre andrea
    andreas andres andrew andrzej angela angelika anil anita anja anjali anjana anke ann
    anna anne annette annika anthony antje antoine anton antonia antonio arash arjun arthur
    arun ashok astrid aurelie ayse aziz barbara beatrice beatriz benedikt benjamin bernard
    bernardo bernd bernhard bettina betty beverly birgit bjorn bogdan brandon brenda brian
    brigitte britta bruno bryan camille carla carlos carmen caroline catherine cecile
    cecilia celine chantal charles cheryl chiara chidi chloe chris christel christiane
    christina christine christoph christophe christopher claire clara claudia claudio
    clemens colin concepcion consuelo corinna corinne cornelia cristina cynthia dagmar
    daniel daniela danielle daria david deborah debra deepak denise dennis derek detlef
    diana diane didier diego dieter dietmar dirk dmitri dominik dominique donald donna
    dorothea dorothee dorothy douglas dragan eberhard eduardo edward eileen elaine elena
    elif elisabeth elizabeth elke ellen elodie emeka emilie emily emma emmanuel emre enrique
    eric erica erika ernst esteban esther ethan eugen eva evelyn fabian farah farid fatima
    fatma federico felix fernanda fernando francesca francesco francis francisco franck
    francois francoise frederic friedrich fritz gabriel gabriela gabriele gareth gary
    geoffrey georg george georges gerald gerard gerd gerhard gertrud giovanni gisela giulia
    giuseppe gloria gonzalo goran gregory grzegorz guillaume guillermo gulsen gunter gunther
    gustavo hadi hamid hannah hannelore hans harald harry hartmut haruka hasan hassan
    heather heidi heike heiko heiner heinrich heinz helen helena helene helga helmut henri
    henrik henry herbert hermann hildegard hiroshi holger horst hubert hugh hugo hussein ian
    ibrahim ibrahima ignacio igor ikram imran ingeborg ingo ingrid irene irina isaac isabel
    isabella isabelle ivan jacob jacqueline jacques jaime jakob jamal james jamie jan jana
    jane janet janice janina jason javier jean jeanne jeffrey jennifer jens jeremy jerome
    jessica jesus jill jing joachim joan joanna joanne joao jochen joel johann johanna
    johannes john jonas jonathan jordi jorg jorge jose josef josefa joseph joshua juan juana
    judith julia julian juliane julie julien julio jurgen justin kai karen karin karl karla
    katarzyna katharina katherine kathleen kathrin kathryn katja katrin kavita keith kelly
    kemal kenji kenneth kerstin kevin khalid kimberly klaus konrad krishna kristin krzysztof
    kurt kyle lakshmi larry lars laura lauren laurent lawrence lea leah leila lena leon
    leonard leonie liam liang linda lisa lorena lothar louise luca lucas lucia lucie ludwig
    luigi luis luisa lukas lutz magdalena mahmoud maike malcolm malgorzata manfred manoj
    manuel manuela marc marcel marcela marco marcus marek margaret margarete margarita
    margit maria mariam marianne marie marina mario marion markus marlies marta martha
    martin martina martine mary mateo mathias mathilde matteo matthew matthias maureen
    mechthild megan mehmet melanie melissa mercedes michael michaela michel michele michelle
    miguel mikael mikhail minh mohamed mohammed monica monika monique montserrat muhammad
    mustafa nadia nadine nancy natalia natalie natasha nathalie nathan neha nguyet nicholas
    nicola nicolas nicole nigel nikhil nikolai nikolaus nina nora norbert oksana olaf olena
    olga oliver olivia olivier omar oscar oskar osman pablo pamela paolo pascal patricia
    patricio patrick paul paula pauline pavel pedro peter petra philip philipp philippe
    phillip pierre pilar piotr pooja priya rachel radha rafael rahul rainer rajesh rakesh
    ralf ralph ramesh ramon rania raquel raul ravi raymond rebecca reinhard renate rene
    ricardo richard rita robert roberto rodrigo roger roland rolf romain ronald rosa rosario
    rosemarie roy ruben rudiger rudolf russell ruth ryan sabine salvador samantha samuel
    sandra sanjay sara sarah sascha scott sean sebastian sergei sergio sharon sheila shreya
    sibylle siegfried sigrid silke silvia simon simone slobodan sofia sonia sonja sophia
    sophie stefan stefanie stephan stephane stephanie stephen steven stewart stuart sunil
    suresh susan susana susanne suzanne svenja svetlana sylvia sylvie takashi tamara tania
    tanja tatiana teresa terry theodor theresa thi thierry thomas thorsten tiffany tim
    timothy tina tobias todd tomas tomasz torsten tracy trevor udo ulrich ulrike ursula usha
    ute valentina valerie vanessa vera verena veronica veronika veronique vijay vikram
    vincent vladimir volker walter waltraud wei wendy werner wilhelm william wojciech
    wolfgang xavier xiao yannick yasmin yasmine yolanda yuki yuri yusuf yves yvonne zachary
    zeynep zhen zoe zoltan
    andy barb becky beth bob bobby cathy cindy dan danny dave debbie donnie ed eddie fred greg
    jackie jeff jen jenny jerry jim jimmy joe joey ken kenny kim larry liz maggie mandy marge
    matt mike mikey mick nancy nick peggy phil rob robbie ron ronnie rick sally sam sandy
    stacy steve susie tammy terry tim tina tom tony trish vicky wendy ewa jadwiga jerzy
    krystyna marek pawel tomasz wojciech zofia bronwyn ciara eoin fiona niall padraig saoirse
    siobhan aoife bjorn freja lars mette sigrid soren sven torsten ulrika
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
